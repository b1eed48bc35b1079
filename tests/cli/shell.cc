// SPDX-License-Identifier: Apache-2.0
#include "shell.h"

#include <sys/wait.h>

#include <array>
#include <cstdio>

#include "tint/base/shell.h"
#include "tint/base/text.h"

namespace tint::testing {

ShellOutcome RunShell(const std::vector<std::string>& words, const std::string& prefix) {
  std::string line = prefix;
  for (const std::string& word : words) line += " " + ShellQuoted(word);
  ShellOutcome outcome;
  std::FILE* pipe = popen((line + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> block{};
  for (size_t got = 0; (got = std::fread(block.data(), 1, block.size(), pipe)) > 0;)
    outcome.out.append(block.data(), got);
  const int status = pclose(pipe);
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  return outcome;
}

bool HasProgram(const std::string& name) { return RunShell({"command", "-v", name}).code == 0; }

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string& line : Split(text, '\n')) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

}  // namespace tint::testing

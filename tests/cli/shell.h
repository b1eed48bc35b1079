// SPDX-License-Identifier: Apache-2.0
// Other programs, as tests ask them about what tint writes.
#pragma once

#include <string>
#include <vector>

namespace tint::testing {

struct ShellOutcome {
  int code = -1;    // exit code; -1 if it did not end by itself
  std::string out;  // standard output and standard error together
};
// Runs a command of words through /bin/sh, with `prefix` before it: variables, "cd DIR &&".
ShellOutcome RunShell(const std::vector<std::string>& words, const std::string& prefix = "");
// Whether $PATH has a program of this name.
bool HasProgram(const std::string& name);
// The lines of a text, without the empty ones.
std::vector<std::string> LinesOf(const std::string& text);

}  // namespace tint::testing

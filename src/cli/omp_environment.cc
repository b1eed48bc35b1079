// SPDX-License-Identifier: Apache-2.0
#include "omp_environment.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "tint/cli/command.h"

namespace tint {

bool WillCompute(const std::vector<std::string>& arguments) {
  size_t words = 0;
  const Command* command = FindCommand(arguments, &words);
  const auto informs = [](const std::string& word) {
    return word == "--help" || word == "-h" || word == "--print-config";
  };
  return command != nullptr && command->computes && std::none_of(arguments.begin(), arguments.end(), informs);
}

void PreferShortOpenMpSpins(char** argv) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  const char* threads = std::getenv("OMP_NUM_THREADS");
  if (threads != nullptr && std::strcmp(threads, "1") == 0) return;  // no barriers
  if (setenv("GOMP_SPINCOUNT", "2000", 1) == 0) execv("/proc/self/exe", argv);
#else
  static_cast<void>(argv);
#endif
}

}  // namespace tint

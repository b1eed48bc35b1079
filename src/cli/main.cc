// SPDX-License-Identifier: Apache-2.0
#include <sys/prctl.h>

#include "omp_environment.h"
#include "tint/cli/command.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (tint::WillCompute(arguments)) tint::PreferShortOpenMpSpins(argv);
  prctl(PR_SET_NAME, "tint");  // after execv of /proc/self/exe, ps and pkill would know it as "exe"
  return tint::RunCommandLine(arguments);
}

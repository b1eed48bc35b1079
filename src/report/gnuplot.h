// SPDX-License-Identifier: Apache-2.0
// The program gnuplot as a subprocess.
#pragma once

#include <string>

namespace tint::internal {

// What gnuplot writes to standard output for `script`, with its own default settings: no file of the user's is read.
// Not on PATH: Error(kMissingInput); another exit code than 0: Error(kInternal) with its words.
std::string RunGnuplot(const std::string& script);

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// The environment in which libgomp, whose threads compute for LibTorch, is to start.
#pragma once

#include <string>
#include <vector>

namespace tint {

// Whether `tint ARGUMENTS...` computes for longer than it takes to start.
bool WillCompute(const std::vector<std::string>& arguments);

// Starts this program again with GOMP_SPINCOUNT=2000, unless that or OMP_WAIT_POLICY is set: libgomp reads them only
// while it is loaded, before main. By default its threads spin for milliseconds at each barrier; where another program
// uses a core, a spinning thread takes it from the one it waits for, and small models run tens of times slower.
//
// Returns if nothing is to be done, or if the program cannot be started again: then the work is slow, not wrong. Call
// it before any thread exists.
void PreferShortOpenMpSpins(char** argv);

}  // namespace tint

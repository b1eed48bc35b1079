// SPDX-License-Identifier: Apache-2.0
// Graceful stop on SIGTERM, SIGINT, SIGUSR1 and SIGHUP: loops stop at their next safe point.
#pragma once

namespace tint {

// Installs the handlers (a second SIGINT ends the process at once) and ignores SIGXFSZ and SIGPIPE, so that they
// become errors of write.
void InstallStopHandlers();

// True after a stop signal. Reads an atomic flag: cheap enough for every iteration.
bool StopRequested();

// Throws Error(kStopped, "stopped by SIGTERM. ... Run the same command again to resume."). Call it where all finished
// work is on disk.
void ThrowIfStopRequested();

// For tests: as if `signal` had come (0: clears it).
void SimulateStop(int signal);

}  // namespace tint

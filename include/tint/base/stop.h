// Stopping politely: SIGTERM, SIGINT, SIGUSR1 and SIGHUP ask; loops answer at their next safe point.
#pragma once

namespace tint {

// Installs the handlers (a second SIGINT ends the process at once) and ignores SIGXFSZ and SIGPIPE, so that they come
// back as errors of write.
void InstallStopHandlers();

// True after a stop signal. Async-signal-safe flag, cheap enough for every iteration.
bool StopRequested();

// Throws Error(kStopped, "stopped by SIGTERM; ...resume: same command"). Call it where everything finished is on disk.
void ThrowIfStopRequested();

// For tests: as if `signal` had come (0 forgets it).
void SimulateStop(int signal);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/base/stop.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "prelude.h"

namespace tint {
namespace {

// Runs `action` in a child process and returns how it ended: the exit code, or minus the signal.
int EndOf(const std::function<int()>& action) {
  const pid_t child = fork();
  if (child == 0) _exit(action());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Stop, NothingIsRequestedAtFirst) {
  SimulateStop(0);
  EXPECT_FALSE(StopRequested());
  ThrowIfStopRequested();
}

TEST(Stop, ASignalIsNamedInTheError) {
  SimulateStop(SIGTERM);
  EXPECT_TRUE(StopRequested());
  EXPECT_THAT(CatchError(ThrowIfStopRequested),
              FailsWith(ExitCode::kStopped,
                        AllOf(HasSubstr("stopped by SIGTERM"), HasSubstr("Run the same command again to resume"))));
  SimulateStop(0);
  EXPECT_FALSE(StopRequested());
}

TEST(Stop, EverySignalOfTheListRequestsAStop) {
  for (int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) {
    const int end = EndOf([signal] {
      struct sigaction fresh {};
      fresh.sa_handler = SIG_DFL;
      sigaction(SIGHUP, &fresh, nullptr);
      InstallStopHandlers();
      raise(signal);
      return StopRequested() ? 0 : 1;
    });
    EXPECT_EQ(end, 0) << signal;
  }
}

TEST(Stop, TheFirstSignalIsTheOneNamed) {
  const int end = EndOf([] {
    InstallStopHandlers();
    raise(SIGUSR1);
    raise(SIGTERM);
    return std::string(CatchError(ThrowIfStopRequested).what()).find("SIGUSR1") != std::string::npos ? 0 : 1;
  });
  EXPECT_EQ(end, 0);
}

TEST(Stop, ASecondInterruptEndsAtOnce) {
  const int end = EndOf([] {
    InstallStopHandlers();
    raise(SIGINT);
    raise(SIGINT);
    return 0;
  });
  EXPECT_EQ(end, 130);
  const int other = EndOf([] {
    InstallStopHandlers();
    raise(SIGTERM);
    raise(SIGINT);
    return 0;
  });
  EXPECT_EQ(other, 0) << "the first SIGINT still asks politely";
}

TEST(Stop, NohupIsRespected) {
  const int end = EndOf([] {
    signal(SIGHUP, SIG_IGN);
    InstallStopHandlers();
    raise(SIGHUP);
    return StopRequested() ? 1 : 0;
  });
  EXPECT_EQ(end, 0);
}

TEST(Stop, BrokenPipesAndSizeLimitsDoNotKill) {
  const int end = EndOf([] {
    InstallStopHandlers();
    int ends[2];
    if (pipe(ends) != 0) return 1;
    close(ends[0]);
    const bool refused = write(ends[1], "x", 1) == -1 && errno == EPIPE;
    raise(SIGXFSZ);
    return refused && !StopRequested() ? 0 : 2;
  });
  EXPECT_EQ(end, 0);
}

}  // namespace
}  // namespace tint

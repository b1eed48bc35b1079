// SPDX-License-Identifier: Apache-2.0
#include "tint/base/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "tint/base/file.h"

namespace tint {
namespace {

TEST(ThisProcess, IsAliveAndDiffersFromItsForks) {
  const ProcessIdentity self = ThisProcess();
  EXPECT_EQ(self.pid, getpid());
  EXPECT_GT(self.start_ticks, 0u);
  EXPECT_EQ(self.boot_id.size(), 36u);
  EXPECT_EQ(self, ThisProcess());
  EXPECT_FALSE(IsKnownDead(self));
  const pid_t child = fork();
  if (child == 0) _exit(ThisProcess().pid == getpid() && ThisProcess().pid != self.pid ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(IsKnownDead, KnowsOnlyItsOwnHostAndBoot) {
  ProcessIdentity process = ThisProcess();
  process.start_ticks += 1;
  EXPECT_TRUE(IsKnownDead(process)) << "the pid was used again";
  ProcessIdentity elsewhere = process;
  elsewhere.host += "2";
  EXPECT_FALSE(IsKnownDead(elsewhere));
  ProcessIdentity earlier = process;
  earlier.boot_id[0] ^= 1;
  EXPECT_FALSE(IsKnownDead(earlier));
}

TEST(IsKnownDead, SeesDeathBeforeTheParentAsks) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  const std::string path = "/proc/" + std::to_string(child) + "/stat";
  const std::string stat_line = ReadFile(path);
  ProcessIdentity process = ThisProcess();
  process.pid = child;
  // Field 22; the program's name, field 2, holds no blank here.
  std::string ticks = stat_line;
  for (int field = 1; field < 22; ++field) ticks = ticks.substr(ticks.find(' ') + 1);
  process.start_ticks = std::stoull(ticks);
  EXPECT_FALSE(IsKnownDead(process));
  kill(child, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(IsKnownDead(process)) << "a zombie";
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(IsKnownDead(process));
}

}  // namespace
}  // namespace tint

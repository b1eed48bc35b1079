// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/lease.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <optional>
#include <random>
#include <thread>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/run_survey.h"
#include "tint/base/json.h"
#include "tint/base/process.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::ResultTree;

constexpr int64_t kMinute = 60;

// The record of a process somewhere, whose last heartbeat was `age` seconds ago.
void WriteLease(const fs::path& folder, const ProcessIdentity& owner, int64_t age) {
  WriteAll(folder / ".lease", SealJson({{"host", owner.host},
                                        {"boot_id", owner.boot_id},
                                        {"pid", owner.pid},
                                        {"start_ticks", owner.start_ticks},
                                        {"nonce", "0"}}));
  const struct timespec then { .tv_sec = time(nullptr) - age, .tv_nsec = 0 };
  const struct timespec times[2] = {then, then};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder / ".lease").c_str(), times, 0), 0);
}

TEST(Lease, IsReleasedWithoutTraces) {
  TestFolder folder;
  {
    const Lease lease(folder / "episodes/0000");
    EXPECT_TRUE(fs::exists(folder / "episodes/0000/.lease"));
    EXPECT_EQ(ResultTree(folder / "episodes/0000").size(), 1u);
  }
  EXPECT_THAT(ResultTree(folder / "episodes/0000"), IsEmpty());
  const Lease again(folder / "episodes/0000");
}

TEST(Lease, NamesTheLivingOwner) {
  TestFolder folder;
  const Lease lease(folder.path());
  EXPECT_THAT(CatchError([&] { Lease second(folder.path()); }),
              FailsWith(ExitCode::kLeased,
                        AllOf(HasSubstr("process " + std::to_string(getpid()) + " on " + ThisProcess().host),
                              HasSubstr("0."), HasSubstr(" s ago"), HasSubstr("Run the same command again"))));
  EXPECT_EQ(ResultTree(folder.path()).size(), 1u) << "the refused worker leaves nothing";
}

TEST(Lease, ReplacesADeadOwnerOfThisHostAtOnce) {
  TestFolder folder;
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    const Lease lease(folder.path());
    kill(getpid(), SIGKILL);
  }
  ASSERT_EQ(waitpid(pid, nullptr, 0), pid);
  ASSERT_TRUE(fs::exists(folder / ".lease"));
  WriteAll(folder / ".lease-123-0123456789abcdef", "of a process killed while it took the lease");
  {
    const Lease lease(folder.path());
    EXPECT_THAT(ReadAll(folder / ".lease"), HasSubstr("\"pid\": " + std::to_string(getpid())));
    EXPECT_EQ(ResultTree(folder.path()).size(), 1u);
  }
  EXPECT_THAT(ResultTree(folder.path()), IsEmpty());
}

TEST(Lease, ADeadOneIsTakenAwayAndALivingOneStays) {
  TestFolder folder;
  Lease::RemoveDead(folder.path());
  EXPECT_THAT(ResultTree(folder.path()), IsEmpty()) << "where there is none nothing is written";
  ProcessIdentity owner = ThisProcess();
  owner.boot_id = "another boot";
  WriteLease(folder.path(), owner, 0);
  Lease::RemoveDead(folder.path());
  EXPECT_THAT(ResultTree(folder.path()), IsEmpty());
  const Lease living(folder.path());
  const std::string record = ReadAll(folder / ".lease");
  Lease::RemoveDead(folder.path());
  EXPECT_EQ(ReadAll(folder / ".lease"), record);
}

TEST(Lease, ReplacesAnEarlierBootOfThisHostAtOnce) {
  TestFolder folder;
  ProcessIdentity owner = ThisProcess();
  owner.boot_id = "another boot";
  WriteLease(folder.path(), owner, 0);
  const Lease lease(folder.path());
}

// Heartbeats are compared on the file system's clock; 15 min is a lease's term.
TEST(Lease, ReplacesAnotherHostsOwnerOnlyAfterItsTerm) {
  TestFolder folder;
  const ProcessIdentity owner{.host = "node17", .boot_id = "b", .pid = 42, .start_ticks = 1};
  for (const int64_t age : {-24 * 60 * kMinute, int64_t{0}, 14 * kMinute}) {
    WriteLease(folder.path(), owner, age);
    EXPECT_THAT(CatchError([&] { Lease lease(folder.path()); }),
                FailsWith(ExitCode::kLeased, HasSubstr("process 42 on node17")))
        << age;
  }
  WriteLease(folder.path(), owner, 16 * kMinute);
  const Lease lease(folder.path());
  EXPECT_THAT(ReadAll(folder / ".lease"), HasSubstr(std::to_string(getpid())));
}

TEST(Lease, WaitsTheTermOfADamagedOne) {
  TestFolder folder;
  WriteAll(folder / ".lease", "");
  EXPECT_THAT(CatchError([&] { Lease lease(folder.path()); }),
              FailsWith(ExitCode::kLeased, HasSubstr("cannot be read")));
  WriteLease(folder.path(), {.host = "", .boot_id = "", .pid = -1, .start_ticks = 0}, 16 * kMinute);
  const Lease lease(folder.path());
}

TEST(Lease, BeatsWhileItLives) {
  TestFolder folder;
  const Lease lease(folder.path(), std::chrono::milliseconds(5));
  const struct timespec long_ago[2] = {{.tv_sec = 1000, .tv_nsec = 0}, {.tv_sec = 1000, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder / ".lease").c_str(), long_ago, 0), 0);
  struct stat status {};
  for (int i = 0; i < 2000 && status.st_mtim.tv_sec <= 1000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ASSERT_EQ(stat((folder / ".lease").c_str(), &status), 0);
  }
  EXPECT_GT(status.st_mtim.tv_sec, 1000);
}

// An owner that slept while its lease was taken away must neither revive nor remove the other's.
TEST(Lease, LeavesALeaseAloneThatAnotherTook) {
  TestFolder folder;
  const ProcessIdentity other{.host = "node17", .boot_id = "b", .pid = 42, .start_ticks = 1};
  std::string record;
  {
    const Lease lease(folder.path(), std::chrono::milliseconds(1));
    fs::remove(folder / ".lease");
    WriteLease(folder.path(), other, 100);
    record = ReadAll(folder / ".lease");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    struct stat status {};
    ASSERT_EQ(stat((folder / ".lease").c_str(), &status), 0);
    EXPECT_LE(status.st_mtim.tv_sec, time(nullptr) - 100);
  }
  EXPECT_EQ(ReadAll(folder / ".lease"), record);
}

struct Race {
  std::atomic<int> inside{0}, broken{0}, held{0}, refused{0};
};

// Takes the lease once, and dies with it in one of four rounds. Other errors than "leased" count as broken.
[[noreturn]] void TakeOnce(const fs::path& folder, Race* race, bool dies) {
  for (;;) {
    try {
      const Lease lease(folder);
      if (++race->inside != 1) ++race->broken;
      std::this_thread::sleep_for(std::chrono::microseconds(300));
      --race->inside;
      ++race->held;
      if (dies) kill(getpid(), SIGKILL);
      break;
    } catch (const Error& error) {
      if (error.code() != ExitCode::kLeased) {
        ++race->broken;
        _exit(1);
      }
      ++race->refused;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  _exit(0);
}

TEST(Lease, HasOneHolderAtATime) {
  constexpr int kWorkers = 4, kRounds = 50;
  TestFolder folder;
  void* memory = mmap(nullptr, sizeof(Race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  Race* race = new (memory) Race;
  std::vector<pid_t> workers;
  for (int w = 0; w < kWorkers; ++w) {
    const pid_t worker = fork();
    ASSERT_GE(worker, 0);
    if (worker == 0) {
      std::mt19937 random(static_cast<unsigned>(w));
      for (int round = 0; round < kRounds; ++round) {
        const bool dies = random() % 4 == 0;
        const pid_t pid = fork();
        if (pid == 0) TakeOnce(folder.path(), race, dies);
        waitpid(pid, nullptr, 0);
      }
      _exit(0);
    }
    workers.push_back(worker);
  }
  for (const pid_t worker : workers) waitpid(worker, nullptr, 0);
  EXPECT_EQ(race->broken, 0);
  EXPECT_EQ(race->held, kWorkers * kRounds);
  EXPECT_GT(race->refused, 0) << "the workers never met";
  { const Lease last(folder.path()); }
  EXPECT_THAT(ResultTree(folder.path()), IsEmpty());
}

}  // namespace
}  // namespace tint

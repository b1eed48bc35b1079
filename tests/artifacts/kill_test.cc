// SPDX-License-Identifier: Apache-2.0
// kill -9 at random moments: the same command again ends in the tree of an uninterrupted run.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>

#include "fake_pipeline.h"
#include "prelude.h"
#include "tint/artifacts/verify.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::kUnitsOfFakePipeline;
using testing::ResultTree;
using testing::RunFakePipeline;
using Clock = std::chrono::steady_clock;

constexpr int kMostKillsPerFolder = 10;

// Shared with the children, so that a step counts even if its process dies.
std::atomic<int>* SharedCounter() {
  void* memory = mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : new (memory) std::atomic<int>(0);
}

// Runs the pipeline in a child and kills it after `delay`. True if the kill found it alive.
bool RunAndKill(const fs::path& run, std::atomic<int>* units, std::chrono::microseconds delay) {
  const pid_t pid = fork();
  if (pid == 0) {
    try {
      RunFakePipeline(run, units);
    } catch (const Error& error) {
      _exit(static_cast<int>(error.code()));
    } catch (...) {
      _exit(1);
    }
    _exit(0);
  }
  std::this_thread::sleep_for(delay);
  kill(pid, SIGKILL);
  int status = 0;
  EXPECT_EQ(waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status)) {
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  return WIFSIGNALED(status);
}

// `wanted` kills that found the pipeline at work, up to ten a folder.
void KillOften(const fs::path& folder, int wanted) {
  std::atomic<int>* units = SharedCounter();
  ASSERT_NE(units, nullptr);
  const auto start = Clock::now();
  RunFakePipeline(folder / "unaugmented", units);
  // Early enough that ten runs seldom suffice; shorter when one finished before its kill (a machine's load changes).
  auto span = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start) / 5;
  ASSERT_EQ(*units, kUnitsOfFakePipeline);
  const auto reference = ResultTree(folder / "unaugmented");
  std::mt19937_64 random(1);
  int killed = 0, folders = 0;
  for (; killed < wanted && folders < wanted; ++folders) {
    const fs::path run = folder / ("run" + std::to_string(folders));
    *units = 0;
    int kills = 0;
    while (kills < kMostKillsPerFolder && RunAndKill(run, units, span * static_cast<int64_t>(random() % 1000) / 1000)) {
      ++kills;
    }
    if (kills < kMostKillsPerFolder) span = span * 9 / 10;
    RunFakePipeline(run, units);
    EXPECT_EQ(ResultTree(run), reference) << "folder " << folders;
    EXPECT_LE(*units, kUnitsOfFakePipeline + kills) << "a kill may cost the step in hand, nothing more";
    EXPECT_GE(*units, kUnitsOfFakePipeline);
    EXPECT_THAT(VerifyRun(RunFolder::Open(run)).problems, IsEmpty());
    killed += kills;
  }
  ::testing::Test::RecordProperty("folders", folders);
  EXPECT_GE(killed, wanted);
}

class Kill : public ::testing::Test {
 protected:
  void SetUp() override { setenv("TINT_CHECKPOINT_SECONDS", "0", 1); }
  void TearDown() override { unsetenv("TINT_CHECKPOINT_SECONDS"); }
};

// On a disk nearly all the time, and so nearly every kill, falls into fsync.
TEST_F(Kill, OnDiskLosesNothingAndEndsInTheSameTree) {
  TestFolder folder;
  KillOften(folder.path(), 50);
}

// In memory fsync costs nothing, and kills meet every other call.
TEST_F(Kill, InMemoryLosesNothingAndEndsInTheSameTree) {
  const fs::path folder = "/dev/shm/tint-tests-" + std::to_string(getpid());
  if (access("/dev/shm", W_OK) != 0) GTEST_SKIP() << "needs /dev/shm, a file system in memory";
  fs::create_directories(folder);
  KillOften(folder, 150);
  fs::remove_all(folder);
}

TEST_F(Kill, ARepeatedCommandTouchesNoFile) {
  TestFolder folder;
  RunFakePipeline(folder / "run");
  std::map<fs::path, fs::file_time_type> times;
  for (const auto& entry : fs::recursive_directory_iterator(folder / "run")) {
    if (entry.is_regular_file()) times[entry.path()] = entry.last_write_time();
  }
  std::atomic<int> units = 0;
  RunFakePipeline(folder / "run", &units);
  EXPECT_EQ(units, 0);
  for (const auto& [file, time] : times) EXPECT_EQ(fs::last_write_time(file), time) << file;
}

}  // namespace
}  // namespace tint

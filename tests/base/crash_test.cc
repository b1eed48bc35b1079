// SPDX-License-Identifier: Apache-2.0
// Kills at random moments: a file is always one of its whole versions.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "prelude.h"
#include "tint/base/durable.h"
#include "tint/base/temporaries.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr int kRounds = 40;
constexpr int kVersions = 100;
constexpr int kLongestLife = 12'000;  // microseconds; a durable write takes some hundreds

std::string Version(int number) {
  return std::string(static_cast<size_t>(50'000 + 997 * number), static_cast<char>('!' + number % 90));
}

bool IsWhole(const std::string& bytes) {
  const int number = (static_cast<int>(bytes.size()) - 50'000) / 997;
  return number >= 0 && number < kVersions && bytes == Version(number);
}

// A process that works until it is killed after `microseconds`.
template <class Work>
void RunAndKill(int microseconds, Work work) {
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0;; ++i) work(i);
  }
  usleep(static_cast<useconds_t>(microseconds));
  kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "it ended by itself";
}

int CountTemporaries(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) count += IsTemporaryName(entry.path().filename());
  return count;
}

TEST(Crash, AFileIsAlwaysOneOfItsWholeVersions) {
  TestFolder folder;
  const fs::path file = folder / "f";
  std::mt19937 random(1);
  int left_over = 0;
  WriteFileDurably(file, Version(0));
  for (int round = 0; round < kRounds; ++round) {
    const int life = std::uniform_int_distribution<int>(0, kLongestLife)(random);
    RunAndKill(life, [&](int i) { WriteFileDurably(file, Version(i % kVersions)); });
    ASSERT_TRUE(IsWhole(ReadAll(file))) << "round " << round << ", killed after " << life << " us";
    left_over += CountTemporaries(folder.path());
    RemoveDeadTemporaries(folder.path());
    ASSERT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1) << "round " << round;
  }
  EXPECT_GT(left_over, 0) << "no kill struck while a file was being written: the test shows nothing";
}

TEST(Crash, CommittedFilesAreWholeOrAbsent) {
  TestFolder folder;
  std::mt19937 random(2);
  int committed = 0;
  for (int round = 0; round < kRounds; ++round) {
    const fs::path run = folder / std::to_string(round);
    fs::create_directory(run);
    const int life = std::uniform_int_distribution<int>(0, kLongestLife)(random);
    RunAndKill(life, [&](int i) { CommitFileOnce(run / std::to_string(i % kVersions), Version(i % kVersions)); });
    RemoveDeadTemporaries(run);
    for (const auto& entry : fs::directory_iterator(run)) {
      ASSERT_EQ(ReadAll(entry.path()), Version(std::stoi(entry.path().filename()))) << "round " << round;
      ++committed;
    }
    for (int i = 0; i < 3; ++i) CommitFileOnce(run / std::to_string(i), Version(i));  // the same command again
  }
  EXPECT_GT(committed, 0);
}

}  // namespace
}  // namespace tint

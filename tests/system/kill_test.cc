// SPDX-License-Identifier: Apache-2.0
// kill -9 and polite signals at random moments of the whole program: the same command again ends in the tree of an
// unaugmented run.
#include <gmock/gmock.h>

#include <atomic>
#include <csignal>
#include <random>
#include <thread>

#include "files.h"
#include "program.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr int kKills = 200, kKillsAtWork = 150;
constexpr char kAtWork[] = ": working (";  // what each stage says when it begins
constexpr int kMostKillsPerFolder = 10;

class Killed : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-killed-" + std::to_string(getpid()));
    fs::remove_all(world_);
    row_ = SmallWorld(world_);
    const auto start = Clock::now();
    Program program = Start("unaugmented");
    ASSERT_TRUE(program.WaitUntilItSays(kAtWork));
    begins_ = std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
    ASSERT_EQ(program.Name(), "tint");  // pkill, and a scheduler's log, find it by that
    const Outcome outcome = program.Wait();
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    duration_ = std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
    reference_ = ResultTree(world_ / "unaugmented");
    ASSERT_GT(reference_.size(), 40u);
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static Program Start(const std::string& run) {
    std::vector<std::string> arguments = {"specialize", "--run", world_ / run};
    arguments.insert(arguments.end(), row_.begin(), row_.end());
    // Two folders are worked on at once, one core each; every step leaves a checkpoint to be killed in.
    arguments.insert(arguments.end(), {"--threads", "1", "--progress", "none"});
    return Program(arguments, {{"TINT_CHECKPOINT_SECONDS", "0"}});
  }

  struct Kills {
    int all = 0, at_work = 0;
  };

  // False if it had ended before.
  static bool KillAfter(const std::string& run, Milliseconds delay, Kills* kills = nullptr) {
    Program program = Start(run);
    std::this_thread::sleep_for(delay);
    program.Signal(SIGKILL);
    const Outcome outcome = program.Wait();
    EXPECT_TRUE(outcome.signal == SIGKILL || outcome.code == 0) << outcome.code << "\n" << outcome.err;
    if (kills != nullptr && outcome.signal == SIGKILL) {
      ++kills->all;
      kills->at_work += outcome.err.find(kAtWork) != std::string::npos ? 1 : 0;
    }
    return outcome.signal == SIGKILL;
  }

  // Up to ten kills in one folder, then the command to its end.
  static Kills KillOften(const std::string& run, uint64_t seed) {
    std::mt19937_64 random(seed);
    Kills kills;
    // Up to half the row's time after it began to work: what one attempt finished the next does not do again.
    const auto moment = [&] {
      return begins_ + Milliseconds(random() % static_cast<uint64_t>((duration_ - begins_).count() / 2));
    };
    while (kills.all < kMostKillsPerFolder && KillAfter(run, moment(), &kills)) {
    }
    const Outcome outcome = Start(run).Wait();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(SameTree(ResultTree(world_ / run), reference_)) << run;
    fs::remove_all(world_ / run);
    return kills;
  }

  static fs::path world_;
  static std::vector<std::string> row_;
  static std::map<std::string, std::string> reference_;
  static Milliseconds begins_, duration_;
};
fs::path Killed::world_;
std::vector<std::string> Killed::row_;
std::map<std::string, std::string> Killed::reference_;
Milliseconds Killed::begins_, Killed::duration_;

TEST_F(Killed, TwoHundredTimesItLosesNothingAndEndsInTheSameTree) {
  std::atomic<int> killed = 0, at_work = 0, folders = 0;
  const auto work = [&] {
    while ((killed < kKills || at_work < kKillsAtWork) && folders < kKills) {
      const int folder = folders++;
      const Kills kills = KillOften("killed-" + std::to_string(folder), static_cast<uint64_t>(folder));
      killed += kills.all;
      at_work += kills.at_work;
    }
  };
  std::thread other(work);
  work();
  other.join();
  RecordProperty("kills", killed);
  RecordProperty("kills at work", at_work);
  RecordProperty("folders", folders);
  EXPECT_GE(killed, kKills);
  EXPECT_GE(at_work, kKillsAtWork);
}

// Each signal that asks: the state is saved, exit code 75 within 30 s, and the same command resumes there.
TEST_F(Killed, AskedToStopItSavesAndSaysSo) {
  std::mt19937_64 random(5);
  int stopped = 0;
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGHUP}) {
    const std::string run = std::string("stopped-") + strsignal(signal);
    for (int i = 0; i < 5; ++i) {
      Program program = Start(run);
      // While the libraries are loaded, before main, a signal is a kill.
      if (!program.WaitUntilItSays(kAtWork)) break;
      std::this_thread::sleep_for(Milliseconds(random() % static_cast<uint64_t>((duration_ - begins_).count() / 4)));
      const auto asked = Clock::now();
      program.Signal(signal);
      const Outcome outcome = program.Wait();
      EXPECT_LT(Clock::now() - asked, std::chrono::seconds(30)) << strsignal(signal);
      if (outcome.code == 0) break;
      EXPECT_EQ(outcome.code, 75) << strsignal(signal) << " " << outcome.signal << "\n" << outcome.err;
      EXPECT_THAT(outcome.err, ::testing::HasSubstr("same command"));
      EXPECT_EQ(outcome.out, "");
      ++stopped;
    }
    EXPECT_EQ(Start(run).Wait().code, 0);
    EXPECT_TRUE(SameTree(ResultTree(world_ / run), reference_)) << strsignal(signal);
  }
  EXPECT_GE(stopped, 10);
}

// What an earlier attempt finished is not done again.
TEST_F(Killed, AFinishedStageIsNotRedone) {
  const std::string run = "kept";
  while (!fs::exists(world_ / run / "episodes/support/textual-inversion")) KillAfter(run, duration_ * 2 / 3);
  const auto finished = [&] {
    std::map<fs::path, fs::file_time_type> times;
    for (const auto& entry : fs::recursive_directory_iterator(world_ / run)) {
      if (!fs::exists(entry.path().parent_path() / "done.json") || !entry.is_regular_file()) continue;
      times[entry.path()] = entry.last_write_time();
    }
    return times;
  };
  const auto before = finished();
  EXPECT_FALSE(before.empty());
  ASSERT_EQ(Start(run).Wait().code, 0);
  const auto after = finished();
  for (const auto& [file, time] : before) EXPECT_EQ(after.at(file), time) << file;
}

}  // namespace
}  // namespace tint::testing

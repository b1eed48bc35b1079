// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/resumable_loop.h"

#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "prelude.h"
#include "tint/base/stop.h"

namespace tint::testing {
namespace {

constexpr int64_t kSteps = 7;

class Resumable : public testing::FolderTest {
 protected:
  Resumable() {
    SetProgressStyle(ProgressStyle::kNone);
    key_.stage = "counting";
    setenv("TINT_CHECKPOINT_SECONDS", "3600", 1);
  }
  ~Resumable() override {
    SimulateStop(0);
    unsetenv("TINT_CHECKPOINT_SECONDS");
  }

  StageWriter Writer(const std::string& name) { return StageWriter(folder_ / name / key_.Folder(), key_); }

  // One process's attempt: x <- 3 x + step, stopped by a signal in step `stop_at`. Returns what it ended with.
  std::string Attempt(StageWriter& writer, int64_t stop_at, bool keep_finished = false) {
    state_ = "1";
    steps_.clear();
    RunResumable(writer,
                 {.name = "counting",
                  .unit = "steps",
                  .total = kSteps,
                  .checkpoint = "state",
                  .load =
                      [&](const std::string& bytes) {
                        state_ = bytes.substr(0, bytes.find(' '));
                        return std::stoll(bytes.substr(bytes.find(' ')));
                      },
                  .save = [&] { return state_ + " " + std::to_string(steps_.empty() ? 0 : steps_.back() + 1); },
                  .keep_finished = keep_finished},
                 [&](int64_t finished, const AfterSteps& after_steps) {
                   for (int64_t step = finished; step < kSteps; ++step) {
                     state_ = std::to_string(3 * std::stoll(state_) + step);
                     steps_.push_back(step);
                     if (step == stop_at) SimulateStop(SIGTERM);
                     after_steps(1);
                   }
                 });
    return state_;
  }

  StageKey key_;
  std::string state_;
  std::vector<int64_t> steps_;
};

TEST_F(Resumable, ARestartAfterEachStepGivesTheResultOfOneRun) {
  StageWriter whole = Writer("whole");
  const std::string expected = Attempt(whole, -1);
  EXPECT_EQ(steps_.size(), static_cast<size_t>(kSteps));
  for (int64_t stop_at = 0; stop_at < kSteps; ++stop_at) {
    const std::string name = "stopped-" + std::to_string(stop_at);
    {
      StageWriter writer = Writer(name);
      EXPECT_THAT(CatchError([&] { Attempt(writer, stop_at); }), FailsWith(ExitCode::kStopped, HasSubstr("SIGTERM")));
      EXPECT_EQ(steps_.back(), stop_at);
    }
    SimulateStop(0);
    StageWriter writer = Writer(name);
    EXPECT_EQ(Attempt(writer, -1), expected) << stop_at;
    EXPECT_EQ(steps_.size(), static_cast<size_t>(kSteps - 1 - stop_at)) << "finished steps are not done again";
  }
}

TEST_F(Resumable, SavesNothingBeforeACheckpointIsDue) {
  StageWriter writer = Writer("patient");
  Attempt(writer, -1);
  EXPECT_FALSE(writer.LoadCheckpoint("state").has_value());
}

TEST_F(Resumable, SavesEachStepWhereCheckpointsAreDue) {
  setenv("TINT_CHECKPOINT_SECONDS", "0", 1);
  StageWriter writer = Writer("eager");
  int64_t saves = 0;
  RunResumable(writer,
               {.name = "counting",
                .unit = "steps",
                .total = kSteps,
                .checkpoint = "state",
                .load = [](const std::string&) { return 0; },
                .save =
                    [&] {
                      ++saves;
                      return std::string("x");
                    }},
               [&](int64_t, const AfterSteps& after_steps) {
                 after_steps(3);
                 after_steps(4);
               });
  EXPECT_EQ(saves, 2);
}

TEST_F(Resumable, KeepsTheFinishedStateOnRequest) {
  StageWriter writer = Writer("kept");
  const std::string expected = Attempt(writer, -1, /*keep_finished=*/true);
  EXPECT_EQ(writer.LoadCheckpoint("state"), expected + " 7");
  EXPECT_EQ(Attempt(writer, -1, /*keep_finished=*/true), expected);
  EXPECT_THAT(steps_, ElementsAre());
}

}  // namespace
}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
// Sample images of textual inversion and kills: whatever attempt drew a preview, the folder ends as an unaugmented one.
#include <gmock/gmock.h>
#include <unistd.h>

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

constexpr int kSteps = 16, kEvery = 2, kPreviews = kSteps / kEvery;
constexpr char kAtWork[] = ": working (";
const Environment kEachStep = {{"TINT_CHECKPOINT_SECONDS", "0"}};
const Environment kNever = {{"TINT_CHECKPOINT_SECONDS", "86400"}};

class PreviewKilled : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-preview-killed-" + std::to_string(getpid()));
    fs::remove_all(world_);
    row_ = SmallWorld(world_);
    const Outcome upscaled = Start("super-resolve", "before", kEachStep).Wait();
    ASSERT_EQ(upscaled.code, 0) << upscaled.err;
    Program program = Learn("unaugmented", kEachStep);
    ASSERT_TRUE(program.WaitUntilItSays(kAtWork));
    const auto start = Clock::now();
    const Outcome learned = program.Wait();
    ASSERT_EQ(learned.code, 0) << learned.err;
    work_ = std::chrono::duration_cast<Milliseconds>(Clock::now() - start);
    reference_ = ResultTree(world_ / "unaugmented");
    ASSERT_EQ(Previews("unaugmented").size(), static_cast<size_t>(kPreviews));
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static Program Start(const std::string& command, const std::string& run, const Environment& environment) {
    std::vector<std::string> words = {command, "--run", world_ / run, "--progress", "none"};
    words.insert(words.end(), row_.begin(), row_.end());
    const std::vector<std::string> own = {
        "--threads",           "1", "--textual-inversion.steps", std::to_string(kSteps), "--preview-every",
        std::to_string(kEvery)};
    words.insert(words.end(), own.begin(), own.end());
    return Program(words, environment);
  }
  // Textual inversion on the photos that were super-resolved once for all runs.
  static Program Learn(const std::string& run, const Environment& environment) {
    if (!fs::exists(world_ / run)) fs::copy(world_ / "before", world_ / run, fs::copy_options::recursive);
    return Start("textual-inversion", run, environment);
  }

  // Name -> time of the previews of a run, finished or not.
  static std::map<std::string, fs::file_time_type> Previews(const std::string& run) {
    std::map<std::string, fs::file_time_type> found;
    std::error_code moved;  // the program works here meanwhile
    fs::recursive_directory_iterator at(world_ / run, moved), end;
    for (; !moved && at != end; at.increment(moved)) {
      const fs::path& path = at->path();
      const auto time = fs::last_write_time(path, moved);
      if (!moved && path.filename().string().starts_with("preview-") && path.extension() == ".png")
        found[path.filename()] = time;
      moved.clear();
    }
    return found;
  }

  // Sends a signal as soon as there is a preview more than now, and waits for the end.
  static Outcome SignalAfterTheNext(const std::string& run, int signal, const Environment& environment) {
    const size_t before = Previews(run).size();
    Program program = Learn(run, environment);
    const auto end = Clock::now() + std::chrono::seconds(60);
    const bool works = program.WaitUntilItSays(kAtWork);
    while (works && before < kPreviews && Previews(run).size() <= before && Clock::now() < end)
      std::this_thread::sleep_for(Milliseconds(1));
    program.Signal(signal);
    return program.Wait();
  }
  static bool KillAfterTheNext(const std::string& run, const Environment& environment) {
    return SignalAfterTheNext(run, SIGKILL, environment).signal == SIGKILL;
  }

  static void ExpectTheSameEnd(const std::string& run, const Environment& environment) {
    const Outcome outcome = Learn(run, environment).Wait();
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(SameTree(ResultTree(world_ / run), reference_)) << run;
    fs::remove_all(world_ / run);
  }

  static fs::path world_;
  static std::vector<std::string> row_;
  static std::map<std::string, std::string> reference_;
  static Milliseconds work_;
};
fs::path PreviewKilled::world_;
std::vector<std::string> PreviewKilled::row_;
std::map<std::string, std::string> PreviewKilled::reference_;
Milliseconds PreviewKilled::work_;

TEST_F(PreviewKilled, RightAfterAPreviewWithItsStepSaved) {
  int kills = 0;
  while (Previews("saved").size() < kPreviews && KillAfterTheNext("saved", kEachStep)) ++kills;
  EXPECT_GE(kills, 3);
  ExpectTheSameEnd("saved", kEachStep);
}

// Previews outlive the steps that they show: the steps are repeated, but no preview is drawn again.
TEST_F(PreviewKilled, RightAfterAPreviewWithNoStepSaved) {
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(KillAfterTheNext("lost", kNever));
  const auto kept = Previews("lost");
  ASSERT_GE(kept.size(), 2u);
  const Outcome outcome = Learn("lost", kNever).Wait();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, ::testing::Not(::testing::HasSubstr("resuming at step")));
  const auto finished = Previews("lost");
  EXPECT_EQ(finished.size(), static_cast<size_t>(kPreviews));
  for (const auto& [name, time] : kept) EXPECT_EQ(finished.at(name), time) << name;
  ExpectTheSameEnd("lost", kNever);
}

TEST_F(PreviewKilled, AtRandomMoments) {
  std::mt19937_64 random(11);
  int kills = 0;
  for (int folder = 0; folder < 2; ++folder) {
    const std::string run = "random-" + std::to_string(folder);
    for (int i = 0; i < 5; ++i) {
      Program program = Learn(run, folder == 0 ? kNever : kEachStep);
      if (!program.WaitUntilItSays(kAtWork)) break;
      std::this_thread::sleep_for(Milliseconds(random() % static_cast<uint64_t>(work_.count() / 2 + 1)));
      program.Signal(SIGKILL);
      if (program.Wait().signal != SIGKILL) break;
      ++kills;
    }
    ExpectTheSameEnd(run, kEachStep);
  }
  EXPECT_GE(kills, 3);
}

// Asked while the next steps are done or their preview is drawn, it says 75 and loses nothing.
TEST_F(PreviewKilled, AskedToStopAfterAPreview) {
  int stopped = 0;
  for (int i = 0; i < 4; ++i) {
    const Outcome outcome = SignalAfterTheNext("stopped", SIGTERM, kEachStep);
    if (outcome.code == 0) break;
    EXPECT_EQ(outcome.code, 75) << outcome.err;
    ++stopped;
  }
  EXPECT_GE(stopped, 2);
  ExpectTheSameEnd("stopped", kEachStep);
}

}  // namespace
}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
// The row through the program: what it prints, what it does again and what not, and the commands that read its results.

#include <cmath>
#include <csignal>
#include <thread>

#include "prelude.h"
#include "program.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

class Row : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-row-" + std::to_string(getpid()));
    fs::remove_all(world_);
    row_ = SmallWorld(world_);
    const Outcome outcome = Run("specialize", "run", {"--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    first_ = outcome.json();
    first_err_ = outcome.err;
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static Arguments Words(const std::string& command, const std::string& run, const Arguments& more = {}) {
    Arguments arguments = {command, "--run", world_ / run, "--progress", "none"};
    arguments.insert(arguments.end(), row_.begin(), row_.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static Outcome Run(const std::string& command, const std::string& run, const Arguments& more = {}) {
    return RunProgram(Words(command, run, more));
  }

  // Of files: the folder of an episode holds its lease while somebody works there.
  static std::map<fs::path, fs::file_time_type> Times(const std::string& run) {
    std::map<fs::path, fs::file_time_type> times;
    for (const auto& entry : fs::recursive_directory_iterator(world_ / run))
      if (entry.is_regular_file()) times[entry.path()] = entry.last_write_time();
    return times;
  }

  static fs::path world_;
  static Arguments row_;
  static Json first_;
  static std::string first_err_;
};
fs::path Row::world_;
Arguments Row::row_;
Json Row::first_;
std::string Row::first_err_;

const Arguments kStages = {"super-resolve", "textual-inversion", "null-text-inversion",
                           "generate",      "distill",           "evaluate"};

TEST_F(Row, PrintsTheScoredEpisode) {
  EXPECT_TRUE(first_["accuracy"].is_number());
  EXPECT_GE(first_["accuracy"], 0);
  EXPECT_LE(first_["accuracy"], 1);
  EXPECT_EQ(first_["queries"], 20);
  EXPECT_EQ(first_["episode"], "support");
  EXPECT_EQ(first_["student"], "conv4");
  EXPECT_EQ(first_["run"], (world_ / "run").string());
  EXPECT_TRUE(fs::exists(first_["student_file"].get<std::string>()));
  ASSERT_EQ(first_["stages"].size(), 6u);
  for (size_t i = 0; i < 6; ++i) {
    const Json& stage = first_["stages"][i];
    EXPECT_EQ(stage["stage"], kStages[i]);
    EXPECT_EQ(stage["key"].get<std::string>().size(), 12u);
    EXPECT_EQ(stage["reused"], false);
    EXPECT_GT(stage["seconds"], 0);
    EXPECT_GT(stage["peak_host_bytes"], 1 << 20);
    EXPECT_EQ(stage["peak_device_bytes"], 0);
  }
  EXPECT_THAT(first_err_, HasSubstr("super-resolve: done in"));
}

TEST_F(Row, TheSameCommandAgainTouchesNoFile) {
  const auto before = Times("run");
  const Outcome outcome = Run("specialize", "run", {"--json"});
  EXPECT_EQ(outcome.code, 0);
  const Json again = outcome.json();
  EXPECT_EQ(again["accuracy"], first_["accuracy"]);
  for (const Json& stage : again["stages"]) EXPECT_EQ(stage["reused"], true) << stage["stage"];
  EXPECT_EQ(Times("run"), before);
}

TEST_F(Row, OneOptionOfGenerateDoesNotRedoTheInversion) {
  const Arguments other = {"--generate.alpha", "0.8", "--json"};
  const auto states = [&](const Json& plan) {
    Arguments names;
    for (const Json& stage : plan["stages"]) names.push_back(stage["state"]);
    return names;
  };
  fs::copy(world_ / "run", world_ / "alpha", fs::copy_options::recursive);
  const auto before = Times("alpha");
  Arguments planned = other;
  planned.push_back("--dry-run");
  const Outcome plan = Run("specialize", "alpha", planned);
  EXPECT_THAT(states(plan.json()),
              ElementsAre("complete", "complete", "complete", "would run", "would run", "would run"));
  EXPECT_THAT(plan.out, HasSubstr("alpha: 1.0 -> 0.8"));
  EXPECT_EQ(Times("alpha"), before);
  const Json done = Run("specialize", "alpha", other).json();
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(done["stages"][i]["reused"], i < 3) << kStages[i];
  for (const auto& [file, time] : before) {
    if (file.filename() != "run.json") {
      EXPECT_EQ(fs::last_write_time(file), time) << file;
    }
  }
  EXPECT_THAT(RunProgram({"inspect", world_ / "alpha", "--why"}).out,
              HasSubstr("differs from the one above: options.alpha: "));
}

TEST_F(Row, ADryRunMakesNothing) {
  const Outcome outcome = Run("specialize", "imagined", {"--dry-run", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json plan = outcome.json();
  EXPECT_EQ(plan["dry_run"], true);
  for (const Json& stage : plan["stages"]) {
    EXPECT_EQ(stage["state"], "would run");
    EXPECT_GE(stage["flop"], 0);
    EXPECT_GE(stage["disk_bytes"], 0);
  }
  EXPECT_GT(plan["stages"][2]["flop"], 1e6);
  EXPECT_FALSE(fs::exists(world_ / "imagined"));
}

TEST_F(Row, ItsStagesOneByOneAreTheSameToTheByte) {
  for (const std::string& stage : kStages) {
    const Outcome outcome = Run(stage, "single", {"--json"});
    ASSERT_EQ(outcome.code, 0) << stage << outcome.err;
    EXPECT_EQ(outcome.json()["stages"].size(), 1u);
  }
  EXPECT_EQ(ResultTree(world_ / "single"), ResultTree(world_ / "run"));
}

TEST_F(Row, AStageNamesTheCommandThatMustRunFirst) {
  const Outcome outcome = Run("generate", "nothing-yet");
  EXPECT_EQ(outcome.code, 66);
  EXPECT_THAT(outcome.err, HasSubstr("tint super-resolve --run"));
}

// A stage's own command takes the options of the stages before it from the run, unless it is told others.
TEST_F(Row, AStageAdoptsWhatTheEarlierOnesRanWith) {
  ASSERT_EQ(Run("super-resolve", "adopt", {"--pre-size", "64"}).code, 0);
  EXPECT_EQ(Run("textual-inversion", "adopt").code, 0);
  const Outcome other = Run("textual-inversion", "adopt", {"--super-resolve.pre-size", "80"});
  EXPECT_EQ(other.code, 66);
  EXPECT_THAT(other.err, HasSubstr("tint super-resolve"));
}

TEST_F(Row, TwoWorkersOnOneEpisodeAreOneTooMany) {
  Program first(Words("specialize", "shared"));
  while (!fs::exists(world_ / "shared/episodes/support/super-resolve"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const Outcome second = Run("specialize", "shared");
  EXPECT_EQ(second.code, 79) << second.err;
  EXPECT_THAT(second.err, HasSubstr("another worker has this episode: process "));
  EXPECT_EQ(first.Wait().code, 0);
  EXPECT_EQ(ResultTree(world_ / "shared"), ResultTree(world_ / "run"));
}

// Scale factors, sizes and statistics stand in models.json, not in the files it lists: they are part of the keys too.
TEST_F(Row, AFactOfTheModelListIsPartOfTheKey) {
  fs::copy(world_ / "run", world_ / "facts", fs::copy_options::recursive);
  fs::copy(world_ / "models", world_ / "other-models", fs::copy_options::recursive);
  Json list = Json::parse(ReadAll(world_ / "other-models/models.json"));
  list["roles"]["teacher"]["logit_scale"] = 3.0;
  list["roles"]["upscaler"]["source"] = "told anew";  // computes nothing
  WriteAll(world_ / "other-models/models.json", list.dump());
  Arguments arguments = Words("specialize", "facts", {"--json"});
  *(std::find(arguments.begin(), arguments.end(), "--models") + 1) = world_ / "other-models";
  const Json done = RunProgram(arguments).json();
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(done["stages"][i]["reused"], i < 4) << kStages[i];
}

// What a command that failed was told is not what the run ran with.
TEST_F(Row, AFailedCommandLeavesTheRunAsItWas) {
  const auto before = Times("run");
  EXPECT_EQ(Run("evaluate", "run", {"--generate.alpha", "0.3"}).code, 66);
  EXPECT_EQ(Times("run"), before);
  const Outcome again = Run("evaluate", "run", {"--json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.json()["stages"][0]["reused"], true);
  EXPECT_EQ(Run("evaluate", "mistyped").code, 66);
  EXPECT_FALSE(fs::exists(world_ / "mistyped"));
}

TEST_F(Row, AStageOfItsOwnTellsOnlyWhatItRanWith) {
  ASSERT_EQ(Run("super-resolve", "first-stage").code, 0);
  const Json options = Json::parse(ReadAll(world_ / "first-stage/run.json"))["options"];
  EXPECT_TRUE(options.contains("super-resolve"));
  EXPECT_FALSE(options.contains("generate"));
}

TEST_F(Row, WhatIsScoredIsNoBase) {
  Arguments arguments = Words("specialize", "leak");
  *(std::find(arguments.begin(), arguments.end(), "--base") + 1) = world_ / "query";
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("--base: "));
}

// A file may hold a data set for all commands: photos on the command line are meant nevertheless.
TEST_F(Row, ThePhotosOfTheCommandLineWinOverADataSetOfTheEnvironment) {
  const Outcome outcome = RunProgram(Words("specialize", "run", {"--json"}), {{"TINT_DATASET", "miniimagenet"}});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["episode"], "support");
}

TEST_F(Row, InspectShowsTheOthersBesideADamagedResult) {
  fs::copy(world_ / "run", world_ / "broken", fs::copy_options::recursive);
  const fs::path done = fs::directory_iterator(world_ / "broken/episodes/support/distill")->path() / "done.json";
  WriteAll(done, ReadAll(done) + " ");
  const Outcome outcome = RunProgram({"inspect", world_ / "broken"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("DAMAGED"));
  EXPECT_THAT(outcome.out, HasSubstr("generate"));
  fs::remove(world_ / "broken/run.json");
  const Outcome verified = RunProgram({"verify", world_ / "broken"});
  EXPECT_EQ(verified.code, 76);
  EXPECT_THAT(verified.out, HasSubstr("run.json"));
  EXPECT_THAT(verified.out, HasSubstr("done.json"));
}

TEST_F(Row, PathsMayBeWrittenInOddWays) {
  const fs::path student = first_["student_file"].get<std::string>();
  const fs::path photo = fs::directory_iterator(world_ / "query/red-disc")->path();
  const std::string odd = (world_ / "a\xff.png").string();
  fs::copy(photo, odd);
  const Outcome outcome =
      RunProgram({"predict", "--json", "--student", student.parent_path() / "." / student.filename(), odd});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["predictions"].size(), 1u);
}

// Hours of work do not end in a message that could have come first.
TEST_F(Row, ContradictionsAreToldBeforeAnyWork) {
  struct Contradiction {
    Arguments options;
    std::string field;
  };
  const std::vector<Contradiction> all = {
      {{"--null-text-inversion.spacing", "leading", "--null-text-inversion.steps", "1000"},
       "null-text-inversion.steps: 1000"},
      {{"--min-timestep", "600", "--max-timestep", "500"}, "textual-inversion.min-timestep: 600"},
      {{"--textual-inversion.weight-decay", "0.01"}, "textual-inversion.weight-decay: 0.01"},
      {{"--prompt", "a photo of an object"}, "textual-inversion.prompt"},
      {{"--init-word", "incomprehensibilities"}, "incomprehensibilities"},
      {{"--post-size", "100"}, "super-resolve.post-size: 100"},
      {{"--tile", "8"}, "super-resolve.tile: 8"},
      {{"--distill.support-weight", "0", "--base-weight", "0", "--synthetic-weight", "0"}, "distill.support-weight"},
      {{"--distill.batch-size", "2"}, "distill.batch-size: "},
  };
  for (const Contradiction& one : all) {
    const Outcome outcome = Run("specialize", "contradiction", one.options);
    EXPECT_EQ(outcome.code, 78) << one.field << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(one.field));
    EXPECT_FALSE(fs::exists(world_ / "contradiction/episodes/support/super-resolve")) << one.field;
  }
}

// No stage before evaluate opens a query: images that nobody could decode harm only evaluate, and nothing is lost.
TEST_F(Row, QueriesAreOpenedByEvaluateAlone) {
  fs::copy(world_ / "query", world_ / "bad-query", fs::copy_options::recursive);
  const fs::path photo = fs::directory_iterator(world_ / "bad-query/red-disc")->path();
  WriteAll(photo, "<html>not found</html>");
  Arguments arguments = Words("specialize", "unseen", {"--json"});
  *(std::find(arguments.begin(), arguments.end(), "--query") + 1) = world_ / "bad-query";
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, HasSubstr(photo.filename().native()));
  EXPECT_THAT(outcome.out, IsEmpty());
  const Json mended = Run("specialize", "unseen", {"--json"}).json();
  for (size_t i = 0; i < 6; ++i) EXPECT_EQ(mended["stages"][i]["reused"], i < 5) << kStages[i];
}

TEST_F(Row, WithoutQueriesAndBaseItEndsWithTheStudent) {
  Arguments arguments = Words("specialize", "unscored", {"--json"});
  for (const char* folder : {"--query", "--base"}) {
    const auto at = std::find(arguments.begin(), arguments.end(), folder);
    arguments.erase(at, at + 2);
  }
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.json()["accuracy"].is_null());
  EXPECT_THAT(outcome.err, HasSubstr("two sources of three: support, synthetic"));
  EXPECT_TRUE(fs::exists(outcome.json()["student_file"].get<std::string>()));
}

TEST_F(Row, OneClassIsEnoughToGenerateButNotToDistil) {
  fs::create_directories(world_ / "one");
  fs::copy(world_ / "support/red-disc", world_ / "one/red-disc", fs::copy_options::recursive);
  const auto run = [&](const std::string& stage) {
    Arguments arguments = Words(stage, "one-class");
    *(std::find(arguments.begin(), arguments.end(), "--support") + 1) = world_ / "one";
    const auto query = std::find(arguments.begin(), arguments.end(), "--query");
    arguments.erase(query, query + 2);
    return RunProgram(arguments);
  };
  for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion", "generate"})
    EXPECT_EQ(run(stage).code, 0) << stage;
  const Outcome distill = run("distill");
  EXPECT_EQ(distill.code, 65);
  EXPECT_THAT(distill.err, HasSubstr("at least 2"));
}

// A prediction is the same alone and among others, and the same as evaluate's.
TEST_F(Row, PredictAgreesWithEvaluate) {
  const std::string student = first_["student_file"];
  const fs::path result = fs::directory_iterator(world_ / "run/episodes/support/evaluate")->path();
  Arguments photos, expected;
  for (const std::string& line : Split(ReadAll(result / "predictions.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json row = Json::parse(line);
    photos.push_back(world_ / "query" / row["class"].get<std::string>() / row["file"].get<std::string>());
    expected.push_back(std::to_string(row["predicted"].get<int>()));
  }
  Arguments words = {"predict", "--student", student, "--json"};
  words.insert(words.end(), photos.begin(), photos.end());
  const Json together = RunProgram(words).json();
  ASSERT_EQ(together["predictions"].size(), 20u);
  for (size_t i = 0; i < photos.size(); ++i) {
    const Json& one = together["predictions"][i];
    EXPECT_EQ(one["class"], together["classes"][std::stoul(expected[i])]) << photos[i];
    double sum = 0;
    for (const auto& [name, share] : one["probabilities"].items()) sum += share.get<double>();
    EXPECT_NEAR(sum, 1, 1e-12);
  }
  const Json alone = RunProgram({"predict", "--student", student, "--json", photos[3]}).json();
  for (const auto& [name, share] : alone["predictions"][0]["probabilities"].items())
    EXPECT_NEAR(share.get<double>(), together["predictions"][3]["probabilities"][name].get<double>(), 1e-6);
}

TEST_F(Row, AFolderThatCannotBeWrittenIsRefusedAtOnce) {
  Arguments arguments = Words("specialize", "run");
  arguments[2] = "/proc/tint-run";
  const Outcome outcome = RunProgram(arguments);
  EXPECT_EQ(outcome.code, 73) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("/proc/tint-run"));
}

}  // namespace
}  // namespace tint::testing

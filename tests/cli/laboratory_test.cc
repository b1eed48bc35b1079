// SPDX-License-Identifier: Apache-2.0
// The few-shot half without a diffusion model, through the program: pre-training, methods that train nothing,
// baselines.
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "prelude.h"
#include "program.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::EndsWith;
using Arguments = std::vector<std::string>;

// A data set of drawn shapes: eight classes to train on, five to score, with lists of episodes.
class Laboratory : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-laboratory-" + std::to_string(getpid()));
    fs::remove_all(world_);
    SmallWorld(world_);
    const fs::path data = world_ / "data/shapes";
    fs::create_directories(data);
    const auto copy = fs::copy_options::recursive | fs::copy_options::skip_existing;
    fs::copy(world_ / "base", data / "train", copy);
    for (const char* split : {"val", "test"}) fs::copy(world_ / "query", data / split, copy);
    for (const char* split : {"val", "test"}) {
      const Outcome drawn = Run({"episodes", "draw", "--dataset", "shapes", "--split", split, "--ways", "3", "--shots",
                                 "1", "--count", "2", "--out", List(split)});
      ASSERT_EQ(drawn.code, 0) << drawn.err;
    }
    const Outcome trained = Pretrain("students");
    ASSERT_EQ(trained.code, 0) << trained.err;
    trained_ = trained.json();
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static std::string List(const std::string& split) { return world_ / (split + ".json"); }
  // `more` replaces flags of the same name: a flag may stand once.
  static Arguments With(Arguments arguments, const Arguments& more) {
    for (const std::string& flag : more) {
      const auto same = std::find(arguments.begin(), arguments.end(), flag);
      if (flag.starts_with("--") && same != arguments.end()) arguments.erase(same, same + 2);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  static Outcome Run(const Arguments& arguments) { return RunProgram(arguments, Data()); }
  static Environment Data() { return {{"TINT_DATA", world_ / "data"}, {"TINT_CHECKPOINT_SECONDS", "0"}}; }

  static Arguments PretrainArguments(const std::string& models, const Arguments& more = {}) {
    Arguments arguments = {"pretrain",      "student",    "--dataset", "shapes",       "--models",
                           world_ / models, "--epochs",   "3",         "--batch-size", "16",
                           "--json",        "--progress", "none",      "--validation", List("val")};
    return With(arguments, more);
  }
  static Outcome Pretrain(const std::string& models, const Arguments& more = {}) {
    return Run(PretrainArguments(models, more));
  }
  static Outcome Baseline(const std::string& preset, const std::string& run, const std::string& episode,
                          const Arguments& more = {}) {
    Arguments arguments = {"specialize",
                           "--preset",
                           preset,
                           "--dataset",
                           "shapes",
                           "--episodes",
                           List("test"),
                           "--episode",
                           episode,
                           "--models",
                           world_ / "students",
                           "--run",
                           world_ / run,
                           "--progress",
                           "none",
                           "--json",
                           "--distill.steps",
                           "4",
                           "--distill.batch-size",
                           "8",
                           "--conv4-head",
                           "flatten"};
    return Run(With(arguments, more));
  }
  static std::vector<std::string> StagesOf(const Outcome& outcome) {
    std::vector<std::string> names;
    const Json json = outcome.json();
    for (const Json& stage : json.at("stages")) names.push_back(stage.at("stage").get<std::string>());
    return names;
  }

  static fs::path world_;
  static Json trained_;
};
fs::path Laboratory::world_;
Json Laboratory::trained_;

TEST_F(Laboratory, PretrainedStudentsStandInTheModelSet) {
  EXPECT_EQ(trained_["epochs"], 3);
  EXPECT_EQ(trained_["classes"], 8);
  EXPECT_EQ(trained_["reused"], false);
  EXPECT_GE(trained_["validation_accuracy"].get<double>(), 0.34) << "three ways";
  const Outcome check = Run({"models", "check", world_ / "students"});
  EXPECT_EQ(check.code, 0) << check.err;
  // Found done: nothing is trained, no file is touched.
  const fs::path list = world_ / "students/models.json";
  EXPECT_EQ(Json::parse(ReadAll(list))["roles"]["student-conv4"]["training_data"],
            "shapes:train with labels, 8 classes");
  const auto before = fs::last_write_time(list);
  const Json again = Pretrain("students").json();
  EXPECT_EQ(again["reused"], true);
  EXPECT_EQ(again["file"], trained_["file"]);
  EXPECT_EQ(fs::last_write_time(list), before);
}

TEST_F(Laboratory, StoppedPretrainingGoesOnToTheSameBytes) {
  const Json whole = Pretrain("whole", {"--seed", "4"}).json();
  const Arguments again = PretrainArguments("stopped", {"--seed", "4"});
  int stops = 0;
  for (int attempt = 0; attempt < 4; ++attempt) {
    Program program(again, Data());
    program.WaitUntilItSays(attempt == 0 ? "decoding" : "resuming at step");
    usleep(400'000);
    program.Signal(SIGTERM);
    const Outcome outcome = program.Wait();
    stops += outcome.code == 75 ? 1 : 0;
    ASSERT_TRUE(outcome.code == 75 || outcome.code == 0) << outcome.err;
  }
  EXPECT_GE(stops, 1);
  ASSERT_EQ(Run(again).code, 0);
  EXPECT_EQ(Sha256OfFile(world_ / "stopped" / fs::path(whole["file"].get<std::string>()).filename()),
            Sha256OfFile(whole["file"].get<std::string>()));
}

TEST_F(Laboratory, PretrainingTellsWhatIsWrongFirst) {
  const Outcome scored = Pretrain("other", {"--validation", List("test")});
  EXPECT_EQ(scored.code, 65);
  EXPECT_THAT(scored.err, HasSubstr("has seen them"));
  const Outcome unlisted = Run({"pretrain", "student", "--dataset", "shapes", "--models", world_ / "other"});
  EXPECT_EQ(unlisted.code, 64);
  EXPECT_THAT(unlisted.err, HasSubstr("episodes draw"));
  const Outcome large = Pretrain("other", {"--batch-size", "100000"});
  EXPECT_EQ(large.code, 78);
  const Outcome dry = Pretrain("other", {"--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_EQ(dry.json()["state"], "would run");
  EXPECT_FALSE(fs::exists(world_ / "other"));
}

TEST_F(Laboratory, GenerationOneFollowsAFinishedPretraining) {
  const Outcome outcome = Pretrain("generation-1", {"--generation-0", trained_["folder"].get<std::string>()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.json()["folder"], trained_["folder"]);
  const Outcome other = Pretrain("generation-1", {"--generation-0", trained_["folder"].get<std::string>(), "--recipe",
                                                  "ier", "--negatives", "20"});
  EXPECT_EQ(other.code, 78);
  EXPECT_THAT(other.err, HasSubstr("recipe"));
}

TEST_F(Laboratory, MethodsScoreEveryEpisodeOfTheFile) {
  for (const char* method : {"nearest-centroid", "logistic-regression"}) {
    const Outcome outcome = Run({"evaluate", "--method", method, "--dataset", "shapes", "--episodes", List("test"),
                                 "--models", world_ / "students", "--json", "--progress", "none"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json json = outcome.json();
    EXPECT_EQ(json["episodes"], 2);
    EXPECT_EQ(json["backbone"], "student-conv4");
    double sum = 0;
    for (const Json& episode : json["per_episode"]) {
      int64_t right = 0, queries = 0;
      for (const Json& one : episode["classes"]) {
        right += one["right"].get<int64_t>();
        queries += one["queries"].get<int64_t>();
      }
      EXPECT_EQ(queries, episode["queries"].get<int64_t>());
      EXPECT_DOUBLE_EQ(episode["accuracy"].get<double>(), static_cast<double>(right) / static_cast<double>(queries));
      sum += episode["accuracy"].get<double>();
    }
    EXPECT_DOUBLE_EQ(json["accuracy"].get<double>(), sum / 2);
  }
  const Outcome absent = Run({"evaluate", "--method", "nearest-centroid", "--backbone", "teacher", "--dataset",
                              "shapes", "--episodes", List("test"), "--models", world_ / "students"});
  EXPECT_EQ(absent.code, 66);
  EXPECT_THAT(absent.err, HasSubstr("teacher"));
}

TEST_F(Laboratory, BaselinesNeedNoDiffusionModel) {
  const Outcome support = Baseline("support-only", "support-run", "0");
  ASSERT_EQ(support.code, 0) << support.err;
  EXPECT_THAT(StagesOf(support), ElementsAre("distill", "evaluate"));
  const Outcome plan = Baseline("support-only", "support-run", "0", {"--dry-run"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("complete"));
  // The model set has no teacher.
  const Outcome base = Baseline("base-only", "base", "0");
  EXPECT_EQ(base.code, 66);
  EXPECT_THAT(base.err, HasSubstr("teacher"));
}

TEST_F(Laboratory, BaseFeaturesAreComputedOnceForTheRun) {
  const Outcome first = Baseline("labelhalluc", "halluc", "0");
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_THAT(StagesOf(first), ElementsAre("distill", "evaluate"));
  const fs::path features = world_ / "halluc/shared/features";
  ASSERT_TRUE(fs::is_directory(features));
  const auto results = [&] {
    std::vector<std::pair<fs::path, fs::file_time_type>> found;
    for (const auto& entry : fs::recursive_directory_iterator(features))
      if (entry.is_regular_file()) found.emplace_back(entry.path(), entry.last_write_time());
    std::sort(found.begin(), found.end());
    return found;
  };
  const auto before = results();
  EXPECT_FALSE(before.empty());
  const Outcome second = Baseline("labelhalluc", "halluc", "1");
  ASSERT_EQ(second.code, 0) << second.err;
  EXPECT_EQ(results(), before);
  const Outcome whole = Run({"verify", world_ / "halluc"});
  EXPECT_EQ(whole.code, 0) << whole.out << whole.err;
  // A changed byte of them is found by verify, and by the next episode.
  const fs::path part = before.back().first.parent_path() / "features-0.safetensors";
  const std::string bytes = ReadAll(part);
  std::string changed = bytes;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  WriteAll(part, changed);
  EXPECT_EQ(Run({"verify", world_ / "halluc"}).code, 76);
  EXPECT_EQ(Baseline("labelhalluc", "halluc", "1", {"--distill.steps", "5"}).code, 76);
  WriteAll(part, bytes);
  EXPECT_EQ(Run({"collect", world_ / "halluc"}).code, 0);
}

// Images from elsewhere stand for the generated ones.
TEST_F(Laboratory, AFolderIsASourceOfSyntheticImages) {
  const Arguments folder = {"--synthetic-folder",
                            world_ / "support",
                            "--distill.synthetic-labels",
                            "class",
                            "--distill.synthetic-weight",
                            "1",
                            "--base",
                            "none"};
  const Outcome outcome = Baseline("support-only", "folder", "0", folder);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(StagesOf(outcome), ElementsAre("distill", "evaluate"));
  const fs::path empty = world_ / "empty";
  fs::create_directories(empty);
  EXPECT_EQ(Baseline("support-only", "folder", "0", {"--synthetic-folder", empty}).code, 65);
  fs::create_directories(empty / "no-class-of-the-episode");
  fs::copy(world_ / "support/red-disc", empty / "no-class-of-the-episode");
  const Outcome absent = Baseline("support-only", "folder", "0", {"--synthetic-folder", empty});
  EXPECT_EQ(absent.code, 66);
  EXPECT_THAT(absent.err, HasSubstr("synthetic-folder"));
}

// Accuracy over the steps, for validation episodes alone: test queries are evaluate's.
TEST_F(Laboratory, TheCurveOfAccuracyLooksAtValidationQueriesOnly) {
  EXPECT_EQ(Baseline("support-only", "curve", "0", {"--distill.evaluate-every", "2"}).code, 78);
  const Outcome outcome =
      Baseline("support-only", "curve", "0", {"--distill.evaluate-every", "2", "--episodes", List("val")});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const fs::path student = outcome.json()["student_file"].get<std::string>();
  const Json curve = Json::parse(ReadAll(student.parent_path() / "accuracy.json"));
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[1]["step"], 4);
  EXPECT_DOUBLE_EQ(curve[1]["accuracy"].get<double>(), outcome.json()["accuracy"].get<double>());
}

TEST_F(Laboratory, MetaTrainingKeepsTheBestTeacher) {
  SmallWorld(world_ / "second");
  const fs::path models = world_ / "second/models";
  const Arguments arguments = {"pretrain", "teacher", "--preset",     "smoke",      "--dataset", "shapes",
                               "--models", models,    "--validation", List("val"),  "--ways",    "3",
                               "--shots",  "1",       "--json",       "--progress", "none"};
  const Outcome outcome = Run(arguments);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  EXPECT_GE(json["validation_accuracy"].get<double>(), json["untrained_accuracy"].get<double>());
  EXPECT_EQ(Run(arguments).json()["reused"], true);
  EXPECT_EQ(Run({"models", "check", models}).code, 0);
  const Json teacher = Json::parse(ReadAll(models / "models.json"))["roles"]["teacher"];
  EXPECT_THAT(teacher["training_data"].get<std::string>(), EndsWith("; then shapes:train with labels, 8 classes"));
}

TEST_F(Laboratory, ATeachersScaleIsFittedToEpisodesThatAreNotOfTheTest) {
  SmallWorld(world_ / "scaled");
  const fs::path models = world_ / "scaled/models";
  // Photos of a class that lie in another's folder: so that this teacher, too, errs.
  const fs::path noisy = world_ / "data/noisy";
  fs::create_directories(noisy);
  fs::copy(world_ / "data/shapes/val", noisy / "val", fs::copy_options::recursive);
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(noisy / "val")) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  for (const auto& entry : fs::directory_iterator(folders[0]))
    fs::copy(entry.path(), folders[1] / ("stray-" + entry.path().filename().string()));
  const fs::path list = world_ / "noisy.json";
  ASSERT_EQ(Run({"episodes", "draw", "--dataset", "noisy", "--split", "val", "--ways", "3", "--shots", "1", "--count",
                 "6", "--out", list})
                .code,
            0);
  const auto calibrate = [&](const Arguments& more) {
    Arguments arguments = {"models",     "calibrate", models,       "--dataset", "noisy",
                           "--episodes", list,        "--progress", "none",      "--json"};
    return Run(With(arguments, more));
  };
  EXPECT_EQ(calibrate({"--dataset", "shapes", "--episodes", List("test")}).code, 65);
  const std::string before = ReadAll(models / "models.json");
  const Outcome dry = calibrate({"--dry-run"});
  ASSERT_EQ(dry.code, 0) << dry.err;
  EXPECT_EQ(dry.json()["written"], false);
  EXPECT_EQ(ReadAll(models / "models.json"), before);
  const auto base_only = [&](const Arguments& more) {
    const Outcome outcome =
        Baseline("base-only", "scaled-run", "0", With({"--models", models, "--student-init", "random"}, more));
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json()["stages"][0]["key"].get<std::string>();
  };
  const std::string raw = base_only({});
  const Json json = calibrate({}).json();
  EXPECT_LT(json["cross_entropy"].get<double>(), json["cross_entropy_before"].get<double>());
  const double scale = json["logit_scale"].get<double>();
  EXPECT_EQ(ParseJson(ReadAll(models / "models.json"), "models.json", ExitCode::kCorrupt)
                .root["roles"]["teacher"]["logit_scale"],
            scale);
  EXPECT_DOUBLE_EQ(calibrate({}).json()["logit_scale"].get<double>(), scale);
  EXPECT_EQ(Run({"models", "check", models}).code, 0);
  // Labels change with the scale, the features that they are made of do not; regression on them is a third way.
  const std::string scaled = base_only({}),
                    regression = base_only({"--distill.base-labels", "teacher-logistic-regression"});
  EXPECT_NE(raw, scaled);
  EXPECT_NE(scaled, regression);
  const fs::path features = world_ / "scaled-run/shared/features";
  EXPECT_EQ(std::distance(fs::directory_iterator(features), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
// The checks that must pass before an accuracy can be believed, through the program.
#include <ATen/ATen.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <opencv2/imgcodecs.hpp>
#include <set>

#include "prelude.h"
#include "program.h"
#include "tensor_matchers.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/loader.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/tensor/safetensors.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// The same pixels in another PNG file, each value `brighter` by so much.
void WriteAgain(const fs::path& image, const fs::path& other, int brighter = 0) {
  cv::Mat pixels = cv::imread(image.string(), cv::IMREAD_COLOR);
  pixels += cv::Scalar::all(brighter);
  std::vector<uchar> bytes;
  ASSERT_TRUE(cv::imencode(".png", pixels, bytes, {cv::IMWRITE_PNG_COMPRESSION, 0}));
  fs::create_directories(other.parent_path());
  WriteAll(other, std::string(bytes.begin(), bytes.end()));
  ASSERT_NE(Sha256OfFile(image), Sha256OfFile(other));
}

fs::path FirstFileOf(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.push_back(entry.path());
  return *std::min_element(files.begin(), files.end());
}

// The pipeline on the small world up to its student; evaluate runs on other queries each time.
class Leakage : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-leakage-" + std::to_string(getpid()));
    fs::remove_all(world_);
    arguments_ = SmallWorld(world_);
    // An image that the base holds and, later, a query shows.
    WriteAgain(FirstFileOf(world_ / "query/red-disc"), Any("base") / "from-query.png");
    const Outcome outcome = Run("specialize", "query");
    ASSERT_EQ(outcome.code, 65) << "evaluate refuses, the student is there: " << outcome.err;
    refused_ = outcome.err;
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  // The first class folder below `part`.
  static fs::path Any(const std::string& part) { return FirstFileOf(world_ / part); }

  // `more`: pairs of a flag and its value, in place of the pipeline's.
  static Outcome Run(const std::string& command, const std::string& query, Arguments more = {}) {
    Arguments arguments = {command, "--run", world_ / "run", "--progress", "none", "--json"};
    arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
    more.insert(more.end(), {"--query", world_ / query});
    for (size_t i = 0; i < more.size(); i += 2)
      *(std::find(arguments.begin(), arguments.end(), more[i]) + 1) = more[i + 1];
    return RunProgram(arguments);
  }

  // The queries but the one that the base shows too.
  static fs::path CleanQueries(const std::string& name) {
    fs::copy(world_ / "query", world_ / name, fs::copy_options::recursive);
    fs::remove(FirstFileOf(world_ / name / "red-disc"));
    return world_ / name;
  }

  static CompletedStage Result(const Outcome& outcome) {
    const std::string key = outcome.json()["stages"][0]["key"];
    return *CompletedStage::Open(world_ / "run/episodes/support/evaluate" / key);
  }

  static fs::path world_;
  static Arguments arguments_;
  static std::string refused_;
};
fs::path Leakage::world_;
Arguments Leakage::arguments_;
std::string Leakage::refused_;

TEST_F(Leakage, AnImageOfTheBaseIsNotScored) {
  EXPECT_THAT(refused_, AllOf(HasSubstr("base image"), HasSubstr("from-query.png"),
                              HasSubstr(FirstFileOf(world_ / "query/red-disc").filename().string())));
  EXPECT_TRUE(fs::exists(world_ / "run/shared/pixels"));
}

TEST_F(Leakage, ASupportIsNotScoredEvenInAnotherFile) {
  const fs::path support = FirstFileOf(world_ / "support/red-disc");
  WriteAgain(support, CleanQueries("same-pixels") / "red-disc/again.png");
  const Outcome outcome = Run("evaluate", "same-pixels");
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(support.string()), HasSubstr("again.png"), HasSubstr("pixel for pixel")));
}

TEST_F(Leakage, NearDuplicatesAreScoredAndReported) {
  const fs::path support = FirstFileOf(world_ / "support/red-disc");
  WriteAgain(support, CleanQueries("near") / "red-disc/near.png", 2);
  const Outcome outcome = Run("evaluate", "near");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("queries show nearly what a support shows"));
  const CompletedStage stage = Result(outcome);
  const Json result = Json::parse(stage.Read("result.json"));
  EXPECT_EQ(result["queries"], 20);
  const int64_t near = result["near_duplicate_queries"];
  EXPECT_GE(near, 1);
  bool listed = false;
  for (const Json& pair : result["near_duplicates"]) {
    listed = listed ||
             (pair["query"] == "red-disc/near.png" && pair["support"] == "red-disc/" + support.filename().string());
    EXPECT_LE(pair["distance"].get<int>(), 4);
  }
  EXPECT_TRUE(listed);
  // The accuracy of the others, from the stored predictions.
  std::set<std::string> left_out;
  for (const Json& pair : result["near_duplicates"]) left_out.insert(pair["query"]);
  EXPECT_EQ(static_cast<int64_t>(left_out.size()), near);
  int64_t far = 0, right = 0;
  for (const std::string& line : Split(stage.Read("predictions.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json row = Json::parse(line);
    if (left_out.count(row["class"].get<std::string>() + "/" + row["file"].get<std::string>()) > 0) continue;
    ++far;
    right += row["label"] == row["predicted"] ? 1 : 0;
  }
  EXPECT_EQ(far, 20 - near);
  EXPECT_EQ(result["accuracy_without_near_duplicates"], far == 0 ? Json() : Json(static_cast<double>(right) / far));
}

TEST_F(Leakage, TheTeacherFindsNearDuplicatesThatHashesDoNot) {
  CleanQueries("alike");
  const Teacher teacher = ModelSet::Open(world_ / "models").LoadTeacher(at::kCPU, at::kFloat);
  const auto normalised = [&](const std::string& part, std::vector<NamedFile>* files) {
    const auto source = OpenClassFolders(world_ / part);
    *files = AllFiles(*source);
    const at::Tensor features = TeacherFeatures(teacher, LoadSquares(*source, *files, 16), at::kCPU).to(at::kDouble);
    return features / features.norm(2, 1, true);
  };
  std::vector<NamedFile> supports, queries;
  const at::Tensor rows = normalised("support", &supports), columns = normalised("alike", &queries);
  const at::Tensor cosines = rows.mm(columns.t());
  // Halfway between two values, so that rounding does not matter, with a few pairs above.
  const at::Tensor sorted = std::get<0>(cosines.flatten().sort());
  const int64_t from = sorted.size(0) - 6;
  const double bar = ((sorted[from - 1] + sorted[from]) / 2).item<double>();
  ASSERT_LT(bar, 1);

  Arguments arguments = {"evaluate", "--run", world_ / "run", "--progress", "none", "--json"};
  arguments.insert(arguments.end(), arguments_.begin(), arguments_.end());
  *(std::find(arguments.begin(), arguments.end(), "--query") + 1) = world_ / "alike";
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", bar);
  arguments.insert(arguments.end(), {"--evaluate.near-duplicate-cosine", text});
  const Outcome outcome = RunProgram(arguments);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json result = Json::parse(Result(outcome).Read("result.json"));
  std::set<std::pair<std::string, std::string>> expected, found;
  for (int64_t s = 0; s < cosines.size(0); ++s) {
    for (int64_t q = 0; q < cosines.size(1); ++q) {
      const NamedFile &support = supports[static_cast<size_t>(s)], &query = queries[static_cast<size_t>(q)];
      if (cosines[s][q].item<double>() > bar)
        expected.insert({support.class_name + "/" + support.file, query.class_name + "/" + query.file});
    }
  }
  ASSERT_EQ(expected.size(), 6u);
  for (const Json& pair : result["near_duplicates"]) {
    if (pair["cosine"] > bar) {
      found.insert({pair["support"].get<std::string>(), pair["query"].get<std::string>()});
    } else {
      EXPECT_LE(pair["distance"].get<int>(), 4);
    }
  }
  EXPECT_EQ(found, expected);
}

TEST_F(Leakage, ResultsDiscloseTheTrainingDataOfTheirModels) {
  CleanQueries("clean");
  fs::copy(world_ / "models", world_ / "seen-models", fs::copy_options::recursive);
  Json list = Json::parse(ReadAll(world_ / "models/models.json"));
  list["roles"]["teacher"]["training_data"] = "all shapes";
  WriteAll(world_ / "seen-models/models.json", list.dump());
  const Outcome outcome = Run("evaluate", "clean", {"--models", world_ / "seen-models"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["stages"][0]["reused"], false);
  const Json disclosure = Json::parse(Result(outcome).Read("result.json"))["disclosure"];
  EXPECT_EQ(disclosure["teacher"]["training_data"], "all shapes");
  EXPECT_EQ(disclosure["teacher"]["source"], list["roles"]["teacher"]["source"]);
  EXPECT_TRUE(disclosure["denoiser"]["training_data"].is_null());
  EXPECT_EQ(disclosure["student start"]["source"], "random weights");
}

// Labels come from the supports alone: the same image gets the same labels beside other base images.
TEST_F(Leakage, PseudoLabelsDependOnNoOtherImage) {
  fs::copy(world_ / "base", world_ / "less", fs::copy_options::recursive);
  std::vector<fs::path> classes;
  for (const auto& entry : fs::directory_iterator(world_ / "less")) classes.push_back(entry.path());
  fs::remove_all(*std::max_element(classes.begin(), classes.end()));
  const auto labels = [&] {
    std::map<std::string, at::Tensor> by_result;
    for (const auto& entry : fs::directory_iterator(world_ / "run/episodes/support/distill")) {
      const fs::path file = entry.path() / "pseudo_labels.safetensors";
      by_result[entry.path().filename()] = ParseSafetensors(ReadAll(file), file.string()).at("base");
    }
    return by_result;
  };
  const auto before = labels();
  ASSERT_EQ(before.size(), 1u);
  ASSERT_EQ(Run("distill", "query", {"--base", world_ / "less"}).code, 0);
  for (const auto& [key, tensor] : labels()) {
    if (before.count(key) > 0) continue;
    ASSERT_LT(tensor.size(0), before.begin()->second.size(0));
    EXPECT_THAT(tensor, TensorEquals(before.begin()->second.narrow(0, 0, tensor.size(0))));
  }
}

}  // namespace
}  // namespace tint::testing

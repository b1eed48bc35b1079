// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/evaluation_result.h"

#include "stage_results.h"

namespace tint {
namespace {

EvaluationResult ThreeQueries() {
  EvaluationResult result;
  result.predictions = {
      {"cat", "1.png", 0, 0, {1.5f, -1}}, {"cat", "2.png", 0, 1, {0, 1}}, {"dog", "1.png", 1, 1, {0, 1}}};
  result.classes = {{"cat", 2, 1}, {"dog", 1, 1}};
  result.student = "conv4";
  result.dataset = "miniimagenet";
  result.split = "test";
  result.shots = 5;
  result.queries_per_class = 15;
  result.episode_idx = 7;
  result.episodes_sha256 = std::string(64, 'e');
  result.episodes_in_file = 120;
  result.configuration = {{"distill", {{"stage", "distill"}}}};
  result.disclosure = {{"teacher", {{"source", "x"}}}};
  result.near_duplicates = NearDuplicates{
      .pairs = {{"cat/0.png", "cat/2.png", 3, std::nullopt}}, .pair_count = 1, .queries = 1, .accuracy_without = 1.0};
  return result;
}

using EvaluationResultTest = testing::StageResultTest;

TEST_F(EvaluationResultTest, WritesTheDocumentedMembers) {
  const CompletedStage stage = Finish([](StageWriter& writer) { ThreeQueries().Write(writer); });
  EXPECT_EQ(stage.Read("predictions.jsonl"),
            "{\"class\":\"cat\",\"file\":\"1.png\",\"label\":0,\"logits\":[1.5,-1.0],\"predicted\":0}\n"
            "{\"class\":\"cat\",\"file\":\"2.png\",\"label\":0,\"logits\":[0.0,1.0],\"predicted\":1}\n"
            "{\"class\":\"dog\",\"file\":\"1.png\",\"label\":1,\"logits\":[0.0,1.0],\"predicted\":1}\n");
  const Json json = Json::parse(stage.Read("result.json"));
  std::vector<std::string> members;
  for (const auto& member : json.items()) members.push_back(member.key());
  EXPECT_EQ(members, (std::vector<std::string>{"schema",
                                               "accuracy",
                                               "queries",
                                               "student",
                                               "dataset",
                                               "split",
                                               "shots",
                                               "episodes_sha256",
                                               "episodes_in_file",
                                               "classes",
                                               "queries_per_class",
                                               "configuration",
                                               "configuration_sha256",
                                               "disclosure",
                                               "near_duplicates",
                                               "near_duplicate_pairs",
                                               "near_duplicate_queries",
                                               "accuracy_without_near_duplicates",
                                               "episode",
                                               "self_sha256"}));
  EXPECT_EQ(json["accuracy"], 2.0 / 3);
  EXPECT_EQ(json["classes"][0], Json({{"class", "cat"}, {"queries", 2}, {"accuracy", 0.5}}));
  EXPECT_EQ(json["near_duplicates"][0],
            Json({{"support", "cat/0.png"}, {"query", "cat/2.png"}, {"distance", 3}, {"cosine", nullptr}}));
}

TEST_F(EvaluationResultTest, ReadsWhatWasWritten) {
  const EvaluationResult written = ThreeQueries();
  const EvaluationResult read =
      EvaluationResult::Read(Finish([&](StageWriter& writer) { written.Write(writer); }, "evaluate"));
  EXPECT_EQ(read.Metrics(), written.Metrics());
  EXPECT_EQ(read.classes.size(), 2u);
  EXPECT_EQ(read.classes[0].correct, 1);
  EXPECT_EQ(read.student, "conv4");
  EXPECT_EQ(read.dataset, "miniimagenet");
  EXPECT_EQ(read.split, "test");
  EXPECT_EQ(read.shots, 5);
  EXPECT_EQ(read.queries_per_class, 15);
  EXPECT_EQ(read.episode_idx, 7u);
  EXPECT_EQ(read.episodes_sha256, written.episodes_sha256);
  EXPECT_EQ(read.episodes_in_file, 120u);
  EXPECT_EQ(read.configuration, written.configuration);
  EXPECT_EQ(read.disclosure, written.disclosure);
  EXPECT_EQ(read.predictions[0].logits, written.predictions[0].logits);
  EXPECT_EQ(read.near_duplicates->queries, 1);
}

TEST_F(EvaluationResultTest, RefusesAnAccuracyThatThePredictionsDoNotGive) {
  EvaluationResult edited = ThreeQueries();
  edited.classes[0].correct = 2;
  const CompletedStage stage = Finish([&](StageWriter& writer) { edited.Write(writer); });
  EXPECT_THAT(CatchError([&] { EvaluationResult::Read(stage); }),
              FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr("result.json"), HasSubstr("accuracy"),
                                                  HasSubstr("computed from the predictions"))));
}

TEST(EvaluationResult, HasNoAccuracyWithoutQueries) {
  EXPECT_FALSE(EvaluationResult().Accuracy());
  EXPECT_TRUE(EvaluationResult().Metrics().at("accuracy").is_null());
}

}  // namespace
}  // namespace tint

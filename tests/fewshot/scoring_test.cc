// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/scoring.h"

#include <ATen/ATen.h>

#include "memory_source.h"
#include "prelude.h"
#include "tensor_matchers.h"

namespace tint::testing {
namespace {

class Scoring : public ::testing::Test {
 protected:
  Scoring() {
    std::map<std::string, std::map<std::string, at::Tensor>> images;
    int64_t value = 0;
    for (const std::string name : {"bee", "cat", "dog"}) {
      for (const std::string file : {"0", "1", "2", "3"}) {
        images[name][file] = at::full({3, 16, 16}, value, at::kByte);  // no two alike
        ++value;
      }
    }
    source_ = std::make_shared<MemorySource>(images);
    file_.path = "episodes.json";
    file_.dataset = "miniimagenet";
    file_.dataset_sha256 = source_->ContentSha256();
    file_.episodes = {
        {.classes = {"cat", "dog"}, .support = {{"0"}, {"1"}}, .query = {{"1", "2"}, {"0"}}, .query_rest = false},
        {.classes = {"dog", "bee"}, .support = {{"1", "0"}, {"3", "0"}}, .query = {{}, {}}, .query_rest = true}};
  }
  IndexedEpisodes Index(int64_t queries = 0, int64_t count = 0) const {
    return IndexEpisodes(file_, source_, queries, count);
  }

  std::shared_ptr<ImageSource> source_;
  EpisodeFile file_;
};

TEST_F(Scoring, EachImageHasOneRow) {
  const IndexedEpisodes indexed = Index();
  std::vector<std::string> names;
  for (const NamedFile& file : indexed.files) names.push_back(file.class_name + file.file);
  EXPECT_THAT(names,
              ElementsAre("cat0", "cat1", "cat2", "dog1", "dog0", "dog2", "dog3", "bee3", "bee0", "bee1", "bee2"));
  ASSERT_EQ(indexed.episodes.size(), 2u);
  const IndexedEpisodes::One &first = indexed.episodes[0], &second = indexed.episodes[1];
  EXPECT_THAT(first.support, TensorEquals(at::tensor({0, 3}, at::kLong)));
  EXPECT_THAT(first.query, TensorEquals(at::tensor({1, 2, 4}, at::kLong)));
  EXPECT_THAT(first.query_labels, TensorEquals(at::tensor({0, 0, 1}, at::kLong)));
  EXPECT_EQ(first.shots, 1);
  EXPECT_EQ(second.episode_idx, 1u);
  EXPECT_THAT(second.classes, ElementsAre("dog", "bee"));
  EXPECT_THAT(second.support, TensorEquals(at::tensor({3, 4, 7, 8}, at::kLong)));
  EXPECT_THAT(second.support_labels, TensorEquals(at::tensor({0, 0, 1, 1}, at::kLong)));
  EXPECT_THAT(second.query, TensorEquals(at::tensor({5, 6, 9, 10}, at::kLong)));
}

TEST_F(Scoring, TakesTheFirstQueriesAndEpisodes) {
  EXPECT_EQ(Index(0, 1).episodes.size(), 1u);
  EXPECT_THAT(Index(1).episodes[1].query_labels, TensorEquals(at::tensor({0, 1}, at::kLong)));
}

TEST_F(Scoring, AnEpisodeWithoutQueriesIsRefused) {
  file_.episodes[0].query = {{}, {}};
  EXPECT_THAT(CatchError([&] { Index(); }), FailsWith(ExitCode::kBadInput, HasSubstr("episodes[0].query")));
}

TEST_F(Scoring, CountsEachClass) {
  const IndexedEpisodes indexed = Index();
  // cat points to the right, dog upwards; cat2 is taken for a dog.
  at::Tensor features = at::zeros({11, 2});
  for (const int64_t row : {0, 1}) features[row][0] = 1;
  for (const int64_t row : {2, 3, 4}) features[row][1] = 1;
  const EpisodeCounts counts = ScoreEpisode("nearest-centroid", features, indexed.episodes[0]);
  EXPECT_THAT(counts.queries, ElementsAre(2, 1));
  EXPECT_THAT(counts.correct, ElementsAre(1, 1));
  EXPECT_DOUBLE_EQ(counts.Accuracy(), 2.0 / 3);
}

}  // namespace
}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/learned_embeddings.h"

#include <ATen/ATen.h>

#include "stage_results.h"

namespace tint {
namespace {

using LearnedEmbeddingsTest = testing::StageResultTest;

TEST_F(LearnedEmbeddingsTest, AreReadByTheirPlaceholder) {
  const at::Tensor vectors = at::ones({2, 768});
  const CompletedStage stage =
      Finish([&](StageWriter& writer) { WriteLearnedEmbedding(vectors, "#object", "cat", writer); });
  EXPECT_THAT(stage.Files(), ElementsAre("cat.safetensors"));
  EXPECT_TRUE(ReadLearnedEmbedding(stage, "#object", "cat").equal(vectors));
  EXPECT_THAT(CatchError([&] { ReadLearnedEmbedding(stage, "#thing", "cat"); }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("#thing")));
}

TEST(PreviewFile, HasSevenDigits) {
  EXPECT_EQ(PreviewFile(100), "preview-0000100.png");
  EXPECT_EQ(PreviewFile(12345678), "preview-12345678.png");
}

}  // namespace
}  // namespace tint

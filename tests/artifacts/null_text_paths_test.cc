// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/null_text_paths.h"

#include <ATen/ATen.h>

#include "stage_results.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

using NullTextPathsTest = testing::StageResultTest;

// 2 photos, 3 timesteps, latents [4, 5, 6], 7 tokens of width 8.
NullTextPaths Paths() {
  NullTextPaths paths;
  paths.latents = at::full({2, 4, 5, 6}, 0.5);
  paths.start = at::full({2, 4, 5, 6}, 0.25);
  paths.unconditional = at::ones({2, 3, 7, 8});
  paths.timesteps = {999, 500, 1};
  paths.loss = paths.initial_loss = at::ones({2, 3});
  paths.inner_steps = at::ones({2, 3}, at::kLong);
  return paths;
}

TEST_F(NullTextPathsTest, ReadsWhatWasWritten) {
  const CompletedStage stage = Finish([](StageWriter& writer) { Paths().Write("cat", writer); });
  EXPECT_THAT(stage.Files(), ElementsAre("cat.safetensors"));
  const NullTextPaths read = NullTextPaths::Read(stage, "cat");
  EXPECT_TRUE(read.latents.equal(Paths().latents));
  EXPECT_TRUE(read.start.equal(Paths().start));
  EXPECT_TRUE(read.unconditional.equal(Paths().unconditional));
  EXPECT_EQ(read.timesteps, Paths().timesteps);
  EXPECT_TRUE(read.loss.equal(Paths().loss));
  EXPECT_TRUE(read.initial_loss.equal(Paths().loss));
  EXPECT_TRUE(read.inner_steps.equal(Paths().inner_steps));
}

TEST_F(NullTextPathsTest, LeavesOutWhatAnImportLacks) {
  NullTextPaths imported = Paths();
  imported.loss = imported.initial_loss = imported.inner_steps = at::Tensor();
  const CompletedStage stage = Finish([&](StageWriter& writer) { imported.Write("cat", writer); });
  EXPECT_EQ(ParseSafetensors(stage.Read("cat.safetensors"), "x").size(), 4u);
  EXPECT_FALSE(NullTextPaths::Read(stage, "cat").loss.defined());
}

TEST_F(NullTextPathsTest, RefusesShapesThatDoNotAgree) {
  NullTextPaths other = Paths();
  other.timesteps = {999, 1};
  const CompletedStage stage = Finish([&](StageWriter& writer) { other.Write("cat", writer); });
  EXPECT_THAT(CatchError([&] { NullTextPaths::Read(stage, "cat"); }),
              FailsWith(ExitCode::kCorrupt, AllOf(HasSubstr("cat.safetensors"), HasSubstr("unconditional"))));
}

TEST(ParseNullTextPaths, ChecksTheModelsShape) {
  const std::string bytes = SerializeSafetensors({{"latents", Paths().latents},
                                                  {"unconditional", Paths().unconditional},
                                                  {"timesteps", at::tensor({999, 1}, at::kLong)}});
  const NullTextShape shape{.latent_channels = 4, .context_length = 7, .context_width = 8};
  EXPECT_EQ(ParseNullTextPaths(bytes, "x", shape).timesteps, (std::vector<int64_t>{999, 1}));
  for (const NullTextShape& other : {NullTextShape{3, 7, 8}, NullTextShape{4, 77, 8}, NullTextShape{4, 7, 768}})
    EXPECT_EQ(CatchError([&] { ParseNullTextPaths(bytes, "x", other); }).code(), ExitCode::kCorrupt);
}

}  // namespace
}  // namespace tint

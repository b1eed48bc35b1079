// SPDX-License-Identifier: Apache-2.0
// The whole pipeline on the shapes world, whose answer is known; and each stage without its effect (by an option, or by
// inputs and models of the test's own), one at a time, to show that the assertion would notice its absence. Runs in
// this process, through the same options as the command line.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "files.h"
#include "shapes_world.h"
#include "tint/artifacts/image_shards.h"
#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/stages/pipeline.h"
#include "tint/tensor/safetensors.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

// One world for all tests of the program; each test has its own run folders in it.
class KnownAnswer : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    SetProgressStyle(ProgressStyle::kNone);
    world_ = fs::temp_directory_path() / ("tint-known-answer-" + std::to_string(getpid()));
    fs::remove_all(world_);
    WriteShapesWorld(world_, TINT_CLIP_MODEL, {.shots = 5, .queries = 20, .base_images = 30, .seed = 1});
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  // `stage`: "specialize" or one stage; what is missing before a single stage is run first by the caller. `folders`: by
  // option, those to take instead of the world's own.
  static PipelineResult Run(const std::string& run, const std::string& stage, std::vector<std::string> more = {},
                            std::map<std::string, std::string> folders = {}) {
    CommandOptions grammar(stage, "");
    RunOptions options;
    options.Declare(grammar);
    std::vector<std::string> arguments = {"--config", TINT_KNOWN_ANSWER_CONFIG};
    for (const char* folder : {"support", "query", "base", "models"}) {
      arguments.push_back(std::string("--") + folder);
      const auto other = folders.find(folder);
      arguments.push_back((world_ / (other == folders.end() ? folder : other->second)).string());
    }
    arguments.push_back("--run");
    arguments.push_back((world_ / run).string());
    arguments.insert(arguments.end(), more.begin(), more.end());
    grammar.Parse(arguments);
    return RunPipeline(StageInputs(options), stage, Json::object());
  }

  // The stages up to and with `last`.
  static PipelineResult RunUpTo(const std::string& run, const std::string& last,
                                const std::vector<std::string>& more = {},
                                const std::map<std::string, std::string>& folders = {}) {
    PipelineResult result;
    for (const std::string& stage : StageNames()) {
      result = Run(run, stage, more, folders);
      if (stage == last) break;
    }
    return result;
  }

  static double MeanOf(const CompletedStage& stage, const std::string& field) {
    double sum = 0;
    const Json& classes = stage.metrics().at("classes");
    for (const Json& one : classes) sum += one.at(field).get<double>();
    return sum / static_cast<double>(classes.size());
  }

  static double LossRatio(const CompletedStage& stage, const std::string& name) {
    return MeanOf(stage, name + "_after") / MeanOf(stage, name + "_before");
  }

  static fs::path world_;
};
fs::path KnownAnswer::world_;

double Accuracy(const PipelineResult& result) {
  return result.results.at("evaluate").metrics().at("accuracy").get<double>();
}

// With support weight 0 the labels reach the student through the prototypes alone. Each class then gets the next one's
// photos as supports: the prototypes are permuted, and with them the pseudo-labels.
TEST_F(KnownAnswer, ThePipelineReachesItAndPermutedPseudoLabelsDoNot) {
  EXPECT_GE(Accuracy(Run("right", "specialize")), 0.90);
  const std::vector<std::string> taught_by_pseudo_labels = {"--distill.support-weight", "0"};
  EXPECT_GE(Accuracy(Run("right", "specialize", taught_by_pseudo_labels)), 0.90);
  fs::create_directory(world_ / "permuted-support");
  for (int64_t c = 0; c < kShapeClasses; ++c)
    fs::copy(world_ / "support" / ShapeClassName((c + 1) % kShapeClasses),
             world_ / "permuted-support" / ShapeClassName(c), fs::copy_options::recursive);
  EXPECT_LE(Accuracy(Run("permuted", "specialize", taught_by_pseudo_labels, {{"support", "permuted-support"}})), 0.35);
}

TEST_F(KnownAnswer, SuperResolveIsTheUpscalersWork) {
  const auto upscaled = [&](const std::string& run, const std::vector<std::string>& options = {}) {
    const PipelineResult result = RunUpTo(run, "super-resolve", options);
    return ToUnitFloat(DecodeImage(result.results.at("super-resolve").Read("red-disc-00.png"), "upscaled").pixels);
  };
  const at::Tensor with = upscaled("upscaled");
  const at::Tensor without = upscaled("not-upscaled", {"--super-resolve.super-resolution", "never"});
  // The world's upscaler is bicubic x4 after bilinear 84 -> 96: not what a plain resize gives.
  EXPECT_GT((with - without).abs().max().item<double>(), 0.01);
}

TEST_F(KnownAnswer, TextualInversionLowersTheLossOnFixedNoise) {
  EXPECT_LT(LossRatio(RunUpTo("words", "textual-inversion").results.at("textual-inversion"), "fixed_noise_loss"), 0.98);
  const std::vector<std::string> learns_nothing = {"--textual-inversion.learning-rate", "1e-12"};
  const PipelineResult unlearned = RunUpTo("no-words", "textual-inversion", learns_nothing);
  EXPECT_NEAR(LossRatio(unlearned.results.at("textual-inversion"), "fixed_noise_loss"), 1.0, 1e-6);
}

TEST_F(KnownAnswer, InversionWalksAwayFromThePhoto) {
  WriteShapesModels(world_ / "still-models", TINT_CLIP_MODEL, /*still_steps=*/10);
  const auto distance = [&](const std::string& run, const std::string& models) {
    const PipelineResult result =
        RunUpTo(run, "null-text-inversion", {"--null-text-inversion.steps", "10"}, {{"models", models}});
    const NamedTensors tensors =
        ParseSafetensors(result.results.at("null-text-inversion").Read("red-disc.safetensors"), "red-disc");
    return (tensors.at("latents") - tensors.at("start")).abs().mean().item<double>();
  };
  EXPECT_GT(distance("paths", "models"), 0.1);
  EXPECT_LT(distance("no-paths", "still-models"), 1e-4);
}

TEST_F(KnownAnswer, NullTextInversionLowersItsLoss) {
  EXPECT_LT(LossRatio(RunUpTo("null", "null-text-inversion").results.at("null-text-inversion"), "mean_loss"), 0.9);
  const std::vector<std::string> takes_no_steps = {"--null-text-inversion.inner-steps", "0"};
  const PipelineResult unlearned = RunUpTo("no-null", "null-text-inversion", takes_no_steps);
  EXPECT_NEAR(LossRatio(unlearned.results.at("null-text-inversion"), "mean_loss"), 1.0, 1e-3);
}

// How many different images came from the photo with the most of them; negative if two of them are equal.
int64_t DistinctImagesOfOnePhoto(const CompletedStage& generate) {
  const JsonDocument index = ParseJson(generate.Read("index.json"), "index.json", ExitCode::kCorrupt);
  const std::vector<ShardEntry> images = ReadShard(generate.Read("red-disc-000.zip"), "red-disc-000.zip");
  const Json& classes = index.root.at("classes");
  const auto records =
      std::find_if(classes.begin(), classes.end(), [](const Json& one) { return one.at("class") == "red-disc"; });
  std::map<int64_t, std::set<std::string>> by_photo;
  std::map<int64_t, int64_t> counts;
  for (size_t i = 0; i < images.size(); ++i) {
    const int64_t photo = records->at("images")[i].at("support");
    by_photo[photo].insert(images[i].bytes);
    ++counts[photo];
  }
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  EXPECT_GT(most->second, 2);
  const auto distinct = static_cast<int64_t>(by_photo[most->first].size());
  return distinct == most->second ? distinct : -distinct;
}

TEST_F(KnownAnswer, GenerationBlendsInFreshNoise) {
  EXPECT_GT(DistinctImagesOfOnePhoto(RunUpTo("fresh", "generate").results.at("generate")), 2);
  const PipelineResult stale = RunUpTo("stale", "generate", {"--generate.alpha", "0"});
  EXPECT_EQ(DistinctImagesOfOnePhoto(stale.results.at("generate")), -1);
}

TEST_F(KnownAnswer, GuidanceSteersGeneration) {
  const auto images = [&](const std::string& method, const std::string& guidance) {
    const std::vector<std::string> options = {"--null-text-inversion.method", method, "--generate.guidance", guidance};
    const PipelineResult result = RunUpTo("guided", "generate", options);
    std::vector<at::Tensor> pixels;
    for (const ShardEntry& image :
         ReadShard(result.results.at("generate").Read("red-disc-000.zip"), "red-disc-000.zip"))
      pixels.push_back(DecodeImage(image.bytes, image.name).pixels.to(at::kFloat));
    return at::stack(pixels);
  };
  const auto effect = [&](const std::string& method) {
    return (images(method, "3") - images(method, "1")).abs().max().item<double>();
  };
  EXPECT_GT(effect("null-text"), 8);
  // With the prompt's own embedding as the unconditional one, both branches are equal: guidance has nothing to add.
  EXPECT_LE(effect("negative-prompt"), 1);  // rounding to bytes
}

// The loss on a source's fixed images, after training over before.
double SourceRatio(const CompletedStage& distill, const std::string& source) {
  for (const Json& one : distill.metrics().at("sources")) {
    if (one.at("source") == source)
      return one.at("fixed_images_loss_after").get<double>() / one.at("fixed_images_loss_before").get<double>();
  }
  ADD_FAILURE() << source;
  return 1;
}

class KnownDistillation : public KnownAnswer {
 protected:
  static CompletedStage Distill(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--distill.steps", "40"});
    return RunUpTo("taught", "distill", more).results.at("distill");
  }
};

TEST_F(KnownDistillation, EachPartOfTheLossTeachesItsSource) {
  const CompletedStage whole = Distill();
  for (const char* source : {"support", "base", "synthetic"}) EXPECT_LT(SourceRatio(whole, source), 1.0) << source;
  // Only the running statistics of its normalisation move.
  EXPECT_GT(SourceRatio(Distill({"--distill.learning-rate", "0"}), "support"), 0.95);
  // Weights that leave a source in the batch, though it teaches nothing; with 0 it would leave the batch.
  const CompletedStage no_teacher = Distill({"--distill.base-weight", "1e-12", "--distill.synthetic-weight", "1e-12"});
  EXPECT_GT(SourceRatio(no_teacher, "base"), 1.1 * SourceRatio(whole, "base"));
  const CompletedStage no_truth = Distill({"--distill.support-weight", "1e-12"});
  EXPECT_GT(SourceRatio(no_truth, "support"), 1.05 * SourceRatio(whole, "support"));
}

TEST_F(KnownAnswer, ThePipelineEqualsItsStagesOneByOneToTheByte) {
  const std::vector<std::string> quick = {"--distill.steps", "20"};
  Run("at-once", "specialize", quick);
  for (const std::string& stage : StageNames()) Run("one-by-one", stage, quick);
  int64_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(world_ / "at-once")) {
    if (!entry.is_regular_file() || entry.path().filename() == "done.json") continue;  // done.json holds times
    const fs::path other = world_ / "one-by-one" / fs::relative(entry.path(), world_ / "at-once");
    ASSERT_TRUE(fs::exists(other)) << other;
    EXPECT_EQ(ReadAll(entry.path()), ReadAll(other)) << other;
    ++files;
  }
  EXPECT_GT(files, 50);
}

}  // namespace
}  // namespace tint::testing

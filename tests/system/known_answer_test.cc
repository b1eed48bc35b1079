// The whole row on the synthetic shapes data set, whose answer is known; and each stage's mathematics switched off, one
// at a time, to show that somebody notices. Runs in this process, through the same options as the command line.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "files.h"
#include "shapes_world.h"
#include "tint/artifacts/image_shards.h"
#include "tint/base/progress.h"
#include "tint/base/switch_off.h"
#include "tint/image/image.h"
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

  // `stages`: "specialize" or one stage; what is missing before a single stage is run first by the caller.
  static PipelineResult Run(const std::string& run, const std::string& stage, std::vector<std::string> more = {}) {
    CommandOptions grammar(stage, "");
    RunOptions options;
    options.Declare(grammar);
    std::vector<std::string> arguments = {"--config", TINT_KNOWN_ANSWER_CONFIG};
    for (const char* folder : {"support", "query", "base", "models"}) {
      arguments.push_back(std::string("--") + folder);
      arguments.push_back((world_ / folder).string());
    }
    arguments.push_back("--run");
    arguments.push_back((world_ / run).string());
    arguments.insert(arguments.end(), more.begin(), more.end());
    grammar.Parse(arguments);
    return RunPipeline(StageContext(options), stage, Json::object());
  }

  // The stages up to and with `last`.
  static PipelineResult RunUpTo(const std::string& run, const std::string& last,
                                const std::vector<std::string>& more = {}) {
    PipelineResult result;
    for (const std::string& stage : StageNames()) {
      result = Run(run, stage, more);
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

TEST_F(KnownAnswer, TheRowReachesItAndPermutedPseudoLabelsDoNot) {
  const PipelineResult right = Run("right", "specialize");
  EXPECT_GE(Accuracy(right), 0.90);
  fs::copy(world_ / "right", world_ / "permuted", fs::copy_options::recursive);
  for (const char* stage : {"distill", "evaluate"}) {
    fs::remove_all(world_ / "permuted/episodes/support" / stage);
  }
  const ScopedSwitchOff permuted(Mathematics::kPrototypes);
  EXPECT_LE(Accuracy(Run("permuted", "specialize")), 0.35);
}

TEST_F(KnownAnswer, SuperResolveIsTheUpscalersWork) {
  const auto upscaled = [&](const std::string& run) {
    const PipelineResult result = RunUpTo(run, "super-resolve");
    return ToUnitFloat(DecodeImage(result.results.at("super-resolve").Read("red-disc-00.png"), "upscaled").pixels);
  };
  const at::Tensor with = upscaled("upscaled");
  const ScopedSwitchOff off(Mathematics::kUpscaler);
  const at::Tensor without = upscaled("not-upscaled");
  // The world's upscaler is bicubic x4 after bilinear 84 -> 96: not what a plain resize gives.
  EXPECT_GT((with - without).abs().max().item<double>(), 0.01);
}

TEST_F(KnownAnswer, TextualInversionLowersTheLossOnFixedNoise) {
  EXPECT_LT(LossRatio(RunUpTo("words", "textual-inversion").results.at("textual-inversion"), "fixed_noise_loss"), 0.98);
  const ScopedSwitchOff off(Mathematics::kTextualInversionStep);
  EXPECT_DOUBLE_EQ(
      LossRatio(RunUpTo("no-words", "textual-inversion").results.at("textual-inversion"), "fixed_noise_loss"), 1.0);
}

TEST_F(KnownAnswer, InversionWalksAwayFromThePhoto) {
  const auto distance = [&](const std::string& run) {
    const PipelineResult result = RunUpTo(run, "null-text-inversion");
    const NamedTensors tensors =
        ParseSafetensors(result.results.at("null-text-inversion").Read("red-disc.safetensors"), "red-disc");
    return (tensors.at("latents") - tensors.at("start")).abs().mean().item<double>();
  };
  EXPECT_GT(distance("paths"), 0.1);
  const ScopedSwitchOff off(Mathematics::kDdimInversion);
  EXPECT_EQ(distance("no-paths"), 0.0);
}

TEST_F(KnownAnswer, NullTextInversionLowersItsLoss) {
  EXPECT_LT(LossRatio(RunUpTo("null", "null-text-inversion").results.at("null-text-inversion"), "mean_loss"), 0.9);
  const ScopedSwitchOff off(Mathematics::kNullTextStep);
  EXPECT_NEAR(LossRatio(RunUpTo("no-null", "null-text-inversion").results.at("null-text-inversion"), "mean_loss"), 1.0,
              1e-3);
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
  const ScopedSwitchOff off(Mathematics::kBlend);
  EXPECT_EQ(DistinctImagesOfOnePhoto(RunUpTo("stale", "generate").results.at("generate")), -1);
}

TEST_F(KnownAnswer, GuidanceSteersGeneration) {
  const auto images = [&](const std::string& run, const std::string& guidance) {
    return RunUpTo(run, "generate", {"--generate.guidance", guidance}).results.at("generate").Read("red-disc-000.zip");
  };
  EXPECT_NE(images("guided", "3"), images("guided", "1"));
  const ScopedSwitchOff off(Mathematics::kGuidance);
  EXPECT_EQ(images("unguided", "3"), images("unguided", "1"));
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
  static CompletedStage Distill(const std::string& run) {
    return RunUpTo(run, "distill", {"--distill.steps", "40"}).results.at("distill");
  }
};

TEST_F(KnownDistillation, EachPartOfTheLossTeachesItsSource) {
  const CompletedStage whole = Distill("taught");
  for (const char* source : {"support", "base", "synthetic"}) EXPECT_LT(SourceRatio(whole, source), 1.0) << source;
  {
    const ScopedSwitchOff off(Mathematics::kStudentStep);
    // Only the running statistics of its normalisation move.
    EXPECT_GT(SourceRatio(Distill("asleep"), "support"), 0.95);
  }
  {
    const ScopedSwitchOff off(Mathematics::kDistillationLoss);
    EXPECT_GT(SourceRatio(Distill("no-teacher"), "base"), 1.1 * SourceRatio(whole, "base"));
  }
  const ScopedSwitchOff off(Mathematics::kSupportLoss);
  EXPECT_GT(SourceRatio(Distill("no-truth"), "support"), 1.05 * SourceRatio(whole, "support"));
}

TEST_F(KnownAnswer, TheRowEqualsItsStagesOneByOneToTheByte) {
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

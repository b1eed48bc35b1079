// SPDX-License-Identifier: Apache-2.0
// What two stages must have computed, computed again from their inputs with the formulas written out.
#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gmock/gmock.h>

#include "files.h"
#include "program.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/image_shards.h"
#include "tint/diffusion/noise_schedule.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/inversion/prompt.h"
#include "tint/models/model_set.h"
#include "tint/tensor/random.h"
#include "tint/tensor/safetensors.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
const c10::Device kCpu(c10::kCPU);
constexpr double kAlpha = 0.6, kGuidance = 3;

class Oracle : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-oracle-" + std::to_string(getpid()));
    fs::remove_all(world_);
    std::vector<std::string> row = SmallWorld(world_);
    for (const char* stage : {"super-resolve", "textual-inversion", "null-text-inversion", "generate"}) {
      std::vector<std::string> words = {stage, "--run", world_ / "run", "--progress", "none"};
      words.insert(words.end(), row.begin(), row.end());
      words.insert(words.end(), {"--generate.alpha", std::to_string(kAlpha), "--generate.guidance",
                                 std::to_string(kGuidance), "--seed", "5"});
      const Outcome outcome = RunProgram(words);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static CompletedStage Result(const std::string& stage) {
    const fs::path folder = fs::directory_iterator(world_ / "run/episodes/support" / stage)->path();
    return *CompletedStage::Open(folder);
  }

  static fs::path world_;
};
fs::path Oracle::world_;

// Paper section 3.2, eq. 3 and 4.
at::Tensor Blend(const at::Tensor& photo, const at::Tensor& noise) {
  const auto scale = [](const at::Tensor& x) { return x.square().mean().sqrt(); };
  const at::Tensor mixed = (1 - kAlpha) * photo + kAlpha * noise;
  return mixed * ((1 - kAlpha) * scale(photo) + kAlpha * scale(noise)) / scale(mixed);
}

struct Class {
  at::Tensor latents, unconditional, timesteps, prompt_context;
};

// Image by image, branch by branch: guided DDIM with the null-text embedding of the image's photo at each timestep.
at::Tensor Generate(const Denoiser& denoiser, const Class& paths, int64_t class_idx, int64_t image_idx) {
  RandomStream stream({5, "generate", 0, static_cast<uint64_t>(class_idx), static_cast<uint64_t>(image_idx)});
  const int64_t photo = stream.Integer(0, paths.latents.size(0) - 1);
  const at::Tensor inverted = paths.latents.narrow(0, photo, 1);
  at::Tensor z = Blend(inverted, stream.Normal(inverted.sizes()));
  const NoiseSchedule schedule;
  const int64_t steps = paths.timesteps.size(0);
  for (int64_t i = 0; i < steps; ++i) {
    const int64_t t = paths.timesteps[i].item<int64_t>();
    const double from = schedule.AlphaBar(t);
    const double to = schedule.AlphaBar(i + 1 < steps ? paths.timesteps[i + 1].item<int64_t>() : 0);
    const at::Tensor timestep = at::full({1}, t, at::kLong);
    const at::Tensor without = denoiser.PredictNoise(z, timestep, paths.unconditional[photo][i].unsqueeze(0));
    const at::Tensor with = denoiser.PredictNoise(z, timestep, paths.prompt_context);
    const at::Tensor noise = without + kGuidance * (with - without);
    const at::Tensor clean = (z - std::sqrt(1 - from) * noise) / std::sqrt(from);
    z = std::sqrt(to) * clean + std::sqrt(1 - to) * noise;
  }
  return z;
}

TEST_F(Oracle, GeneratedImagesAreTheFormulas) {
  const c10::NoGradGuard no_grad;
  const ModelSet models = ModelSet::Open(world_ / "models");
  const Denoiser denoiser = models.LoadDenoiser(kCpu, at::kFloat);
  const Autoencoder autoencoder = models.LoadAutoencoder(kCpu);
  const TextEncoder text_encoder = models.LoadTextEncoder(kCpu, at::kFloat);
  const PromptTemplate prompt(ClipTokenizer(models.ReadChecked("tokenizer"), "tokenizer"), text_encoder,
                              "a photo of an #object", "#object", "object", 1);
  const CompletedStage words = Result("textual-inversion"), paths = Result("null-text-inversion"),
                       generated = Result("generate");
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(world_ / "support")) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  ASSERT_EQ(names.size(), 5u);
  std::set<int64_t> photos;
  for (const int64_t c : {1, 3}) {
    const std::string file = names[static_cast<size_t>(c)] + ".safetensors";
    const NamedTensors path = ParseSafetensors(paths.Read(file), file);
    const at::Tensor word = ParseSafetensors(words.Read(file), file).at("#object");
    const Class one = {path.at("latents"), path.at("unconditional"), path.at("timesteps"),
                       prompt.Context(text_encoder, word.unsqueeze(0))};
    const std::string shard = names[static_cast<size_t>(c)] + "-000.zip";
    const std::vector<ShardEntry> images = ReadShard(generated.Read(shard), shard);
    ASSERT_EQ(images.size(), 8u);
    for (const int64_t k : {0, 1, 2, 5, 7}) {
      const at::Tensor decoded = autoencoder.Decode(Generate(denoiser, one, c, k));
      const at::Tensor expected = ToBytes(ResizeBilinearAntialias(decoded, 16, 16))[0];
      const at::Tensor found = DecodeImage(images[static_cast<size_t>(k)].bytes, "image", {.min_side = 1}).pixels;
      // One grey level: a sum in another order may round a half the other way.
      EXPECT_LE((found.to(at::kInt) - expected.to(at::kInt)).abs().max().item<int>(), 1)
          << names[static_cast<size_t>(c)] << " " << k;
    }
  }
}

// Paper section 3.1: to 96 (bilinear), four times larger, to the diffusion model's size.
TEST_F(Oracle, UpscaledPhotosAreTheFormulas) {
  const c10::NoGradGuard no_grad;
  const ModelSet models = ModelSet::Open(world_ / "models");
  const Upscaler upscaler = models.LoadUpscaler(kCpu, at::kFloat);
  const int64_t size = models.ReadAutoencoderConfig().image_size;
  const CompletedStage result = Result("super-resolve");
  std::vector<fs::path> photos;
  for (const auto& entry : fs::directory_iterator(world_ / "support/red-disc")) photos.push_back(entry.path());
  std::sort(photos.begin(), photos.end());
  for (size_t k = 0; k < photos.size(); ++k) {
    const at::Tensor photo = ToUnitFloat(ReadImage(photos[k]).pixels).unsqueeze(0);
    const at::Tensor larger = upscaler.Enlarge(at::upsample_bilinear2d(photo, {96, 96}, false));
    EXPECT_EQ(larger.size(2), 384);
    const at::Tensor expected = ToBytes(at::_upsample_bilinear2d_aa(larger, {size, size}, false).clamp(0, 1))[0];
    const std::string file = "red-disc-0" + std::to_string(k) + ".png";
    const at::Tensor found = DecodeImage(result.Read(file), file).pixels;
    EXPECT_LE((found.to(at::kInt) - expected.to(at::kInt)).abs().max().item<int>(), 1) << file;
  }
}

}  // namespace
}  // namespace tint::testing

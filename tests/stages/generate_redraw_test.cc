// SPDX-License-Identifier: Apache-2.0
// Images that came out in one single colour or not finite: drawn again with a recorded attempt, too many refused.
//
// The autoencoder spoils every image whose red is above a limit. An unspoiled run gives the red of all images, so a
// limit between two of them decides which ones must be drawn again, and that all others keep their bytes.
#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <limits>
#include <thread>

#include "prelude.h"
#include "program.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/image_shards.h"
#include "tint/base/json.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"
#include "tint/models/model_set.h"
#include "tint/models/script_module.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kImages = 60;     // a class
constexpr int64_t kAllowed = 3;     // 1 % of the five classes' images
constexpr double kLeastGap = 2e-4;  // in red: PNGs round to 1 / 255, and the mean of 64 x 64 pixels to far less

// The shapes world's, spoiled above `limit`.
std::string AutoencoderThatSpoils(double limit, double spoiled) {
  torch::jit::Module module("SpoilingAutoencoder");
  module.register_buffer("limit", at::full({1}, limit));
  module.register_buffer("spoiled", at::full({1}, spoiled));
  module.define(R"JIT(
def encode(self, image: Tensor) -> Tensor:
    colour = torch.avg_pool2d(image, [8, 8], [8, 8])
    return torch.cat([colour, colour.mean([1], True)], 1)

def decode(self, latents: Tensor) -> Tensor:
    side = latents.size(2) * 8
    image = torch.upsample_bilinear2d(latents[:, :3], [side, latents.size(3) * 8], False)
    red = torch.clamp(image[:, 0] / 2 + 0.5, 0, 1).mean([1, 2]).reshape(-1, 1, 1, 1)
    return torch.where(red > self.limit, self.spoiled, image)
)JIT");
  return ScriptModule(module).ToBytes();
}

struct Generated {
  std::string bytes, original;
  int64_t attempt;
  double red;  // mean of the original's, in [0, 1]
};

bool IsOneColour(const std::string& png) {
  const at::Tensor flat = DecodeImage(png, "image", {.min_side = 1}).pixels.flatten(1);
  return flat.amax(1).eq(flat.amin(1)).all().item<bool>();
}

class Redrawn : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = fs::temp_directory_path() / ("tint-redrawn-" + std::to_string(getpid()));
    fs::remove_all(world_);
    arguments_ = SmallWorld(world_);
    fs::copy(world_ / "models", world_ / "models-photos");
    const Outcome upscaled = Run("super-resolve", "photos");
    ASSERT_EQ(upscaled.code, 0) << upscaled.err;
    Prepare("plain", std::numeric_limits<double>::infinity(), 0);
    const Outcome outcome = Run("generate", "plain");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    plain_ = Images("plain");
    ASSERT_EQ(plain_.size(), static_cast<size_t>(5 * kImages));
    for (const Generated& image : plain_) reds_.push_back(image.red);
    std::sort(reds_.begin(), reds_.end(), std::greater<>());
  }
  static void TearDownTestSuite() { fs::remove_all(world_); }

  static std::vector<std::string> Words(const std::string& command, const std::string& run) {
    std::vector<std::string> words = {command, "--run", world_ / run, "--progress", "none"};
    words.insert(words.end(), arguments_.begin(), arguments_.end());
    const std::vector<std::string> own = {"--models", world_ / ("models-" + run), "--generate.images",
                                          std::to_string(kImages), "--keep-originals"};
    words.erase(std::find(words.begin(), words.end(), "--models"),
                std::find(words.begin(), words.end(), "--models") + 2);
    words.insert(words.end(), own.begin(), own.end());
    return words;
  }
  static Outcome Run(const std::string& command, const std::string& run) { return RunProgram(Words(command, run)); }

  void SetUp() override { ASSERT_FALSE(reds_.empty()) << "the plain run failed"; }

  // A model set whose autoencoder spoils, and a run with it up to generation; once for each name.
  static void Prepare(const std::string& run, double limit, double spoiled) {
    const fs::path models = world_ / ("models-" + run);
    if (fs::exists(models)) return;
    fs::copy(world_ / "models", models);
    WriteAll(models / "autoencoder.pt", AutoencoderThatSpoils(limit, spoiled));
    LockModels(models, Json::object());
    fs::copy(world_ / "photos", world_ / run, fs::copy_options::recursive);
    for (const char* stage : {"textual-inversion", "null-text-inversion"}) {
      const Outcome outcome = Run(stage, run);
      ASSERT_EQ(outcome.code, 0) << outcome.err;
    }
  }

  static fs::path Folder(const std::string& run) {
    return fs::directory_iterator(world_ / run / "episodes/support/generate")->path();
  }

  static std::vector<Generated> Images(const std::string& run) {
    const CompletedStage stage = *CompletedStage::Open(Folder(run));
    std::vector<Generated> images;
    const Json index = Json::parse(stage.Read("index.json"));
    for (const Json& of_class : index["classes"]) {
      const std::string shard = of_class["shards"][0], stem = shard.substr(0, shard.size() - 4);
      const auto entries = ReadShard(stage.Read(shard), shard);
      const auto originals = ReadShard(stage.Read(stem + "-original.zip"), shard);
      for (size_t i = 0; i < entries.size(); ++i) {
        const at::Tensor pixels = DecodeImage(originals[i].bytes, "original", {.min_side = 1}).pixels;
        images.push_back({entries[i].bytes, originals[i].bytes, of_class["images"][i]["attempt"].get<int64_t>(),
                          pixels[0].to(at::kDouble).mean().item<double>() / 255});
      }
    }
    return images;
  }

  // Above it lie the reds of `count` images.
  static double LimitFor(int64_t count) {
    const double above = reds_[static_cast<size_t>(count - 1)], below = reds_[static_cast<size_t>(count)];
    EXPECT_GT(above - below, kLeastGap);
    return (above + below) / 2;
  }

  static fs::path world_;
  static std::vector<std::string> arguments_;
  static std::vector<Generated> plain_;
  static std::vector<double> reds_;  // of plain_, falling
};
fs::path Redrawn::world_;
std::vector<std::string> Redrawn::arguments_;
std::vector<Generated> Redrawn::plain_;
std::vector<double> Redrawn::reds_;

TEST_F(Redrawn, APlainRunDrawsNothingAgain) {
  for (const Generated& image : plain_) {
    EXPECT_EQ(image.attempt, 0);
    EXPECT_FALSE(IsOneColour(image.bytes));
  }
  EXPECT_EQ(CompletedStage::Open(Folder("plain"))->metrics().at("redrawn"), 0);
}

// Grey, black or not a number: the same images are drawn again, with the same result, and no other changes.
TEST_F(Redrawn, OnePercentIsDrawnAgainWithARecordedAttempt) {
  const double limit = LimitFor(kAllowed);
  std::map<std::string, std::vector<Generated>> found;
  for (const auto& [run, spoiled] : std::map<std::string, double>{
           {"grey", 0}, {"black", -1}, {"not-finite", std::numeric_limits<double>::quiet_NaN()}}) {
    Prepare(run, limit, spoiled);
    const Outcome outcome = Run("generate", run);
    ASSERT_EQ(outcome.code, 0) << run << outcome.err;
    EXPECT_EQ(CompletedStage::Open(Folder(run))->metrics().at("redrawn"), kAllowed) << run;
    found[run] = Images(run);
  }
  for (const auto& [run, images] : found) {
    ASSERT_EQ(images.size(), plain_.size());
    for (size_t i = 0; i < images.size(); ++i) {
      const bool spoiled = plain_[i].red > limit;
      EXPECT_EQ(images[i].attempt > 0, spoiled) << run << " " << i << " red " << plain_[i].red;
      EXPECT_EQ(images[i].bytes == plain_[i].bytes, !spoiled) << run << " " << i;
      EXPECT_EQ(images[i].original == plain_[i].original, !spoiled) << run << " " << i;
      EXPECT_EQ(images[i].bytes, found["grey"][i].bytes) << run << " " << i;
      EXPECT_EQ(images[i].attempt, found["grey"][i].attempt) << run << " " << i;
      EXPECT_FALSE(IsOneColour(images[i].bytes)) << run << " " << i;
      EXPECT_LE(images[i].red, limit + kLeastGap / 2) << run << " " << i;
    }
  }
}

TEST_F(Redrawn, OneMoreThanOnePercentStopsTheStage) {
  Prepare("many", LimitFor(kAllowed + 1), 0);
  for (int attempt = 0; attempt < 2; ++attempt) {  // the same command again forgets nothing
    const Outcome outcome = Run("generate", "many");
    EXPECT_EQ(outcome.code, 70) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("generate: 4 images came out in one single colour"),
                                   HasSubstr("at most 1 % may"), HasSubstr("tint models check")));
    EXPECT_THAT(outcome.out, Not(HasSubstr("accuracy")));
    EXPECT_FALSE(fs::exists(Folder("many") / "done.json"));
  }
}

// With every image spoiled no fresh draw helps, and the first image says so.
TEST_F(Redrawn, AnImageThatNeverComesOutStopsTheStage) {
  Prepare("all", -1, 0);
  const Outcome outcome = Run("generate", "all");
  EXPECT_EQ(outcome.code, 70) << outcome.err;
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("image 0 of class 0"), HasSubstr("after 5 fresh draws"), HasSubstr("tint models check")));
  EXPECT_FALSE(fs::exists(Folder("all") / "done.json"));
}

// The count continues after a kill: three are allowed in all, not in each attempt.
TEST_F(Redrawn, TheCountOutlivesAKill) {
  Prepare("killed", LimitFor(kAllowed), 0);
  Prepare("grey", LimitFor(kAllowed), 0);
  ASSERT_EQ(Run("generate", "grey").code, 0);
  int kills = 0;
  for (int i = 1; i <= 4; ++i) {
    Program program(Words("generate", "killed"), {{"TINT_CHECKPOINT_SECONDS", "0"}});
    if (!program.WaitUntilItSays(": working (")) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(15 * i));
    program.Signal(SIGKILL);
    kills += program.Wait().signal == SIGKILL ? 1 : 0;
  }
  EXPECT_GE(kills, 1);
  const Outcome outcome = Run("generate", "killed");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(CompletedStage::Open(Folder("killed"))->metrics().at("redrawn"), kAllowed);
  EXPECT_EQ(ResultTree(Folder("killed")), ResultTree(Folder("grey")));
}

}  // namespace
}  // namespace tint::testing

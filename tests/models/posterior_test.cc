// SPDX-License-Identifier: Apache-2.0
// The autoencoder's posterior from a module that can be worked out by hand.
#include <ATen/ATen.h>

#include <cmath>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/models/modules.h"
#include "tiny_modules.h"

namespace tint {
namespace {

using testing::MakeModule;
using testing::TensorEquals;
using testing::TensorNear;

constexpr double kScale = 0.25;
const AutoencoderConfig kFacts = {kScale, 16, 8};

constexpr char kMeans[] =
    "def encode(self, image: Tensor) -> Tensor:\n"
    "  return torch.avg_pool2d(image, [8, 8]) * self.one\n"
    "def moments(self, image: Tensor) -> Tensor:\n"
    "  mean = torch.avg_pool2d(image, [8, 8]) * self.one\n";

// Means as TinyAutoencoder's; the log-variances are `raw`, one a channel, within the bounds that exported files keep.
ScriptModule Posterior(const at::Tensor& raw) {
  return MakeModule(
      std::string(kMeans) +
          "  spread = torch.zeros_like(mean) + torch.reshape(torch.clamp(self.raw, -30, 20), [1, 3, 1, 1])\n"
          "  return torch.cat([mean, spread], 1)\n",
      {{"one", at::ones({1})}}, {{"raw", raw}});
}

TEST(EncodePosterior, GivesScaledMeansAndDeviations) {
  const double quarter = 2 * std::log(0.25), thrice = 2 * std::log(3.0);
  const Autoencoder autoencoder(Posterior(at::tensor({0.0, quarter, thrice}, at::kFloat)), kFacts);
  const auto [mean, deviation] = autoencoder.EncodePosterior(at::full({2, 3, 16, 24}, 0.75));
  EXPECT_THAT(mean, TensorEquals(at::full({2, 3, 2, 3}, kScale * 0.5)));  // 2 x - 1 = 0.5
  const at::Tensor expected = at::tensor({1.0, 0.25, 3.0}, at::kFloat).reshape({1, 3, 1, 1}) * kScale;
  EXPECT_THAT(deviation, TensorNear(expected.expand({2, 3, 2, 3}), 1e-7, 1e-6));
}

// A deviation grows with the scale as the mean does: scaled latents are N(scale * mean, (scale * deviation)^2).
TEST(EncodePosterior, BothHalvesTakeTheScale) {
  const ScriptModule module = Posterior(at::tensor({-1.0, 0.5, 2.0}, at::kFloat));
  const at::Tensor images = at::frac(at::arange(3 * 256, at::kFloat) * 0.618).reshape({1, 3, 16, 16});
  const auto [mean, deviation] = Autoencoder(module, {1.0, 16, 8}).EncodePosterior(images);
  const auto [small_mean, small_deviation] = Autoencoder(module, {0.125, 16, 8}).EncodePosterior(images);
  EXPECT_THAT(small_mean, TensorEquals(mean * 0.125));
  EXPECT_THAT(small_deviation, TensorEquals(deviation * 0.125));
}

TEST(EncodePosterior, ItsMeanIsWhatEncodeGives) {
  const Autoencoder autoencoder(Posterior(at::zeros({3})), kFacts);
  const at::Tensor images = at::frac(at::arange(2 * 3 * 256, at::kFloat) * 0.618).reshape({2, 3, 16, 16});
  EXPECT_THAT(autoencoder.EncodePosterior(images).first, TensorEquals(autoencoder.Encode(images)));
}

// The bounds are the file's, -30 and 20 as in diffusers, and are well within the range of float32.
TEST(EncodePosterior, WildLogVariancesStayFinite) {
  const Autoencoder autoencoder(Posterior(at::tensor({-1000.0, 0.0, 1000.0}, at::kFloat)), kFacts);
  const at::Tensor deviation = autoencoder.EncodePosterior(at::zeros({1, 3, 8, 8})).second.flatten();
  const at::Tensor expected = at::tensor({std::exp(-15.0), 1.0, std::exp(10.0)}, at::kFloat) * kScale;
  EXPECT_THAT(deviation, TensorNear(expected, 0, 1e-5));
  EXPECT_GT(deviation[0].item<double>(), 0);
}

TEST(EncodePosterior, HasThePrecisionOfTheImages) {
  const ScriptModule half =
      ScriptModule::FromBytes(Posterior(at::zeros({3})).ToBytes(), "half.pt", c10::kCPU, at::kBFloat16);
  const auto [mean, deviation] = Autoencoder(half, kFacts).EncodePosterior(at::full({1, 3, 8, 8}, 0.75));
  EXPECT_THAT(mean, TensorEquals(at::full({1, 3, 1, 1}, kScale * 0.5)));
  EXPECT_THAT(deviation, TensorEquals(at::full({1, 3, 1, 1}, kScale)));
}

TEST(EncodePosterior, FilesWithoutItSayWhatToDo) {
  const Autoencoder autoencoder(testing::TinyAutoencoder(), kFacts);
  EXPECT_THAT(CatchError([&] {
                autoencoder.EncodePosterior(at::zeros({1, 3, 8, 8}));
              }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("tiny.pt"), HasSubstr("moments"),
                                                   HasSubstr("scripts/export_models.py"), HasSubstr("latents mean"))));
  const Autoencoder flat(
      MakeModule(std::string(kMeans) + "  return torch.mean(mean, [2, 3])\n", {{"one", at::ones({1})}}), kFacts);
  EXPECT_THAT(CatchError([&] {
                flat.EncodePosterior(at::zeros({1, 3, 16, 16}));
              }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("moments"), HasSubstr("[1, any, 2, 2]"))));
}

}  // namespace
}  // namespace tint

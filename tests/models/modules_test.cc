// SPDX-License-Identifier: Apache-2.0
#include "tint/models/modules.h"

#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>

#include "prelude.h"
#include "tensor_matchers.h"
#include "tiny_modules.h"

namespace tint {
namespace {

using testing::MakeModule;
using testing::TensorEquals;
using testing::TensorNear;

const DenoiserConfig kDenoiser = {8, 2, 3, 5};

Denoiser TinyDenoiserOf() { return Denoiser(testing::TinyDenoiser(), kDenoiser); }

TEST(Denoiser, IsDifferentiableInLatentsAndContextAloneAndNotInWeights) {
  const Denoiser denoiser = TinyDenoiserOf();
  const at::Tensor latents = at::ones({2, 2, 4, 4}).requires_grad_(true),
                   context = at::ones({2, 3, 5}).requires_grad_(true);
  const at::Tensor noise = denoiser.PredictNoise(latents, at::tensor({0, 10}, at::kLong), context);
  EXPECT_THAT(noise.select(0, 1).detach(), TensorEquals(at::full({2, 4, 4}, 2.0 + 1 + 10)));
  const auto gradients = torch::autograd::grad({noise.sum()}, {latents, context});
  EXPECT_THAT(gradients[0], TensorEquals(at::full({2, 2, 4, 4}, 2.0)));
  EXPECT_THAT(gradients[1], TensorNear(at::full({2, 3, 5}, 32 / 15.0), 1e-6));
  EXPECT_FALSE(denoiser.module().Parameters()[0].second.requires_grad());
  EXPECT_FALSE(
      denoiser.PredictNoise(at::ones({1, 2, 4, 4}), at::zeros({1}, at::kLong), at::ones({1, 3, 5})).requires_grad());
}

TEST(Denoiser, HalfPrecisionInsideFloat32Outside) {
  const ScriptModule half =
      ScriptModule::FromBytes(testing::TinyDenoiser().ToBytes(), "denoiser.pt", c10::kCPU, at::kBFloat16);
  const at::Tensor noise =
      Denoiser(half, kDenoiser)
          .PredictNoise(at::full({1, 2, 4, 4}, 1.001), at::zeros({1}, at::kLong), at::zeros({1, 3, 5}));
  EXPECT_THAT(noise, TensorEquals(at::full({1, 2, 4, 4}, 2.0)));  // 1.001 is 1 in bfloat16
}

TEST(Denoiser, WrongInputsAreCaughtAtTheBorder) {
  const Denoiser denoiser = TinyDenoiserOf();
  const at::Tensor latents = at::ones({1, 2, 4, 4}), steps = at::zeros({1}, at::kLong), context = at::ones({1, 3, 5});
  auto fails = [&](const at::Tensor& x, const at::Tensor& t, const at::Tensor& c, const std::string& name) {
    EXPECT_THAT(CatchError([&] { denoiser.PredictNoise(x, t, c); }), FailsWith(ExitCode::kInternal, HasSubstr(name)));
  };
  fails(at::ones({1, 4, 4, 4}), steps, context, "latents");
  fails(latents, at::zeros({1}), context, "timesteps");
  fails(latents, at::zeros({2}, at::kLong), context, "timesteps");
  fails(latents, steps, at::ones({1, 3, 6}), "context");
}

TEST(Autoencoder, EncodesTwoXMinusOneAndScales) {
  const Autoencoder autoencoder(testing::TinyAutoencoder(), {0.5, 16, 8});
  EXPECT_THAT(autoencoder.Encode(at::full({1, 3, 16, 16}, 0.75)), TensorEquals(at::full({1, 3, 2, 2}, 0.25)));
}

TEST(Autoencoder, DecodeUndoesEncodeAndClamps) {
  const Autoencoder autoencoder(testing::TinyAutoencoder(), {0.18215, 16, 8});
  const at::Tensor cells = at::linspace(0, 1, 12).reshape({1, 3, 2, 2});
  const at::Tensor image = at::repeat_interleave(at::repeat_interleave(cells, 8, 2), 8, 3);
  EXPECT_THAT(autoencoder.Decode(autoencoder.Encode(image)), TensorNear(image, 1e-6));
  EXPECT_THAT(autoencoder.Decode(at::full({1, 3, 1, 1}, 5.0)), TensorEquals(at::ones({1, 3, 8, 8})));
  EXPECT_THAT(autoencoder.Decode(at::full({1, 3, 1, 1}, -5.0)), TensorEquals(at::zeros({1, 3, 8, 8})));
}

TEST(TextEncoder, EmbedsThenEncodes) {
  const TextEncoder encoder(testing::TinyTextEncoder(4, 2), {2, 2, 3, 4});
  const at::Tensor embeddings = encoder.Embed(at::tensor({3, 0, 1}, at::kLong).reshape({1, 3}));
  EXPECT_THAT(embeddings, TensorEquals(at::tensor({6.0, 7.0, 0.0, 1.0, 2.0, 3.0}, at::kFloat).reshape({1, 3, 2})));
  EXPECT_THAT(encoder.Context(embeddings), TensorEquals(2 * embeddings));
}

TEST(Upscaler, EnlargesAndClamps) {
  const Upscaler upscaler(testing::TinyUpscaler(4), 4);
  EXPECT_THAT(upscaler.Enlarge(at::full({1, 3, 2, 3}, 0.5)), TensorEquals(at::full({1, 3, 8, 12}, 0.75)));
  EXPECT_THAT(upscaler.Enlarge(at::ones({1, 3, 2, 3})), TensorEquals(at::ones({1, 3, 8, 12})));
}

TEST(Upscaler, PadsByReflectionAndCrops) {
  // The module answers with the mean of what it saw, so that the padding shows.
  const ScriptModule mean =
      MakeModule("def forward(self, x: Tensor) -> Tensor:\n  return torch.zeros_like(x) + torch.mean(x) * self.one\n",
                 {{"one", at::ones({1})}});
  const at::Tensor ramp = at::tensor({0.0, 0.1, 0.4}, at::kFloat).expand({1, 3, 4, 3});
  const double padded_mean = (0.0 + 0.1 + 0.4 + 0.1) / 4;
  EXPECT_THAT(Upscaler(mean, 1, 4).Enlarge(ramp), TensorNear(at::full({1, 3, 4, 3}, padded_mean), 1e-6));
}

TEST(PrepareInput, ResizesByTheRuleAndNormalises) {
  InputConfig facts;
  facts.input_size = 4;
  facts.mean = {0.5, 0.25, 0};
  facts.std = {0.5, 0.25, 2};
  const at::Tensor expected = at::tensor({1.0, 3.0, 0.5}, at::kFloat).reshape({1, 3, 1, 1}).expand({1, 3, 4, 4});
  EXPECT_THAT(PrepareInput(at::ones({1, 3, 4, 4}), facts), TensorNear(expected.contiguous(), 1e-6));
  EXPECT_THAT(PrepareInput(at::ones({1, 3, 9, 7}), facts), TensorNear(expected.contiguous(), 1e-6));
  const at::Tensor noise = at::frac(at::arange(3 * 64, at::kFloat) * 0.618).reshape({1, 3, 8, 8});
  const at::Tensor plain = PrepareInput(noise, facts);
  facts.resize_rule = "bilinear-antialias";
  EXPECT_GT((PrepareInput(noise, facts) - plain).abs().max().item<double>(), 0.01);
}

TEST(Teacher, NormalisesAndKeepsNoGradient) {
  TeacherConfig facts;
  facts.input.input_size = 4;
  facts.input.mean = {0.5, 0.5, 0.5};
  facts.input.std = {0.5, 0.5, 0.5};
  facts.feature_width = 3;
  const Teacher teacher(testing::TinyTeacher(), facts);
  EXPECT_THAT(teacher.Features(at::ones({2, 3, 5, 5}).requires_grad_(true)), TensorNear(at::ones({2, 3}), 1e-6));
}

TEST(Check, PassesOnModulesThatAreRight) {
  TinyDenoiserOf().Check();
  Autoencoder(testing::TinyAutoencoder(), {0.5, 16, 8}).Check();
  TextEncoder(testing::TinyTextEncoder(4, 2), {2, 2, 3, 4}).Check();
  Upscaler(testing::TinyUpscaler(2), 2, 16).Check();
}

// All that is wrong, in one message.
TEST(Check, ListsEveryProblemOfAModule) {
  const Autoencoder no_methods(testing::TinyTeacher(), {0.5, 16, 8});
  EXPECT_THAT(CatchError([&] { no_methods.Check(); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("tiny.pt: "), HasSubstr("has no method encode"),
                                                   HasSubstr("has no method decode"))));
  const TextEncoder narrow(testing::TinyTextEncoder(4, 2), {2, 7, 3, 9});
  EXPECT_THAT(
      CatchError([&] { narrow.Check(); }),
      FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("embed: "), HasSubstr("out of range"), HasSubstr("forward: "),
                                           HasSubstr("[1, 3, 2]"), HasSubstr("[1, 3, 7]"))));
}

TEST(Check, FindsWrongShapesKindsExceptionsAndNumbers) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"return torch.mean(x, [1, 2, 3])", "expected floating-point numbers of shape [2, 3]"},
      {"return torch.argmax(x, 1)", "int64"},
      {"return torch.mm(x, x)", "self must be a matrix"},
      {"return torch.log(torch.mean(x, [2, 3]) - 1)", "not finite"},
      {"return torch.zeros([2, 3, 1])", "[2, 3, 1]"},
  };
  TeacherConfig facts;
  facts.input.input_size = 4;
  facts.feature_width = 3;
  for (const auto& [body, message] : cases) {
    const Teacher teacher(MakeModule("def forward(self, x: Tensor) -> Tensor:\n  " + body + "\n"), facts);
    EXPECT_THAT(CatchError([&] { teacher.Check(); }), FailsWith(ExitCode::kBadInput, HasSubstr(message))) << body;
  }
  const Teacher two(MakeModule("def forward(self, x: Tensor, y: Tensor) -> Tensor:\n  return x\n"), facts);
  EXPECT_THAT(CatchError([&] { two.Check(); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("missing value for argument 'y'")));
}

}  // namespace
}  // namespace tint

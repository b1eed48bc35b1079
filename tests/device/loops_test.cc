// SPDX-License-Identifier: Apache-2.0
// The inner loops on a device: the CPU's results to the bit, and nothing that crosses between host and device in a step
// but the batch's inputs.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "closed_form_world.h"
#include "device_test.h"
#include "tensor_matchers.h"
#include "tint/diffusion/denoise.h"
#include "tint/inversion/null_text.h"
#include "tint/inversion/textual_inversion.h"

namespace tint::testing {
namespace {

class Loops : public DeviceTest {
 protected:
  static const c10::Device& Fake() {
    static const c10::Device device = fake::device();
    return device;
  }

  static Denoiser DenoiserOn(const c10::Device& device) {
    Denoiser denoiser = NonlinearDenoiser();
    denoiser.module().MoveTo(device);
    fake::RetargetDeviceConstants(denoiser.module().module(), device);
    return denoiser;
  }

  static TextEncoder TextEncoderOn(const c10::Device& device) {
    TextEncoder encoder = NonlinearTextEncoder();
    encoder.module().MoveTo(device);
    fake::RetargetDeviceConstants(encoder.module().module(), device);
    return encoder;
  }

  void SetUp() override {
    DeviceTest::SetUp();
    at::manual_seed(17);
    latents_ = at::randn({3, 2, 4, 4}, at::kDouble);
    context_ = at::randn({3, kContextLength, kContextWidth}, at::kDouble);
    empty_ = at::randn({1, kContextLength, kContextWidth}, at::kDouble);
  }

  at::Tensor latents_, context_, empty_;
};

at::Tensor DenoiseOn(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& context,
                     const at::Tensor& empty, int64_t steps, Sampler sampler) {
  const NoiseSchedule schedule;
  const Conditioning conditioning{empty.expand_as(context), context};
  return Denoise(denoiser, schedule, latents,
                 {.guidance = 3,
                  .timesteps = SamplerTimesteps(steps, TimestepSpacing::kTrailing),
                  .first_step_idx = 0,
                  .sampler = sampler},
                 [&](int64_t, const at::Tensor&) { return conditioning; });
}

TEST_F(Loops, DenoisingEqualsTheCpuAndCrossesNothing) {
  const Denoiser cpu = DenoiserOn(c10::kCPU), device = DenoiserOn(Fake());
  const at::Tensor latents = latents_.to(Fake()), context = context_.to(Fake()), empty = empty_.to(Fake());
  for (const Sampler sampler : {Sampler::kDdim, Sampler::kDpmSolver}) {
    const at::Tensor there = DenoiseOn(device, latents, context, empty, 6, sampler);
    EXPECT_EQ(there.device(), Fake());
    EXPECT_THAT(there.cpu(), TensorEquals(DenoiseOn(cpu, latents_, context_, empty_, 6, sampler))) << ToString(sampler);
    const PerStep step =
        CountPerStep(4, 9, [&](int steps) { DenoiseOn(device, latents, context, empty, steps, sampler); });
    EXPECT_EQ(step.to_device, 0) << ToString(sampler);
    EXPECT_EQ(step.to_host, 0) << ToString(sampler);
    EXPECT_EQ(step.syncs, 0) << ToString(sampler);
    EXPECT_EQ(step.random, 0) << ToString(sampler);
  }
}

class TextualInversionLoop {
 public:
  TextualInversionLoop(const Denoiser& denoiser, const TextEncoder& encoder, const at::Tensor& latents)
      : denoiser_(denoiser), encoder_(encoder) {
    for (uint64_t problem = 0; problem < 2; ++problem)
      problems_.push_back(
          {.latents = latents + static_cast<double>(problem), .deviation = {}, .seed = 5, .class_idx = problem});
  }

  at::Tensor Run(int64_t steps, int64_t batch = 1) const {
    const TextualInversionOptions options{.steps = steps, .learning_rate = 0.01, .batch_size = batch, .templates = {}};
    TextualInversionState state = StartTextualInversion(prompts_[0], 2, options);
    RunTextualInversion({denoiser_, encoder_, schedule_, prompts_, {}}, problems_, options, &state);
    return state.vectors;
  }

 private:
  Denoiser denoiser_;
  TextEncoder encoder_;
  NoiseSchedule schedule_;
  std::vector<PromptTemplate> prompts_{
      PromptTemplate(RealTokenizer(), encoder_, "a photo of an #object", "#object", "object", 1),
      PromptTemplate(RealTokenizer(), encoder_, "an image of one #object", "#object", "object", 1)};
  std::vector<TextualInversionProblem> problems_;
};

TEST_F(Loops, TextualInversionEqualsTheCpuAndMovesInputsAlone) {
  const TextualInversionLoop cpu(DenoiserOn(c10::kCPU), TextEncoderOn(c10::kCPU), latents_);
  const TextualInversionLoop device(DenoiserOn(Fake()), TextEncoderOn(Fake()), latents_.to(Fake()));
  EXPECT_THAT(device.Run(7, 2).cpu(), TensorEquals(cpu.Run(7, 2).cpu()));
  const PerStep step = CountPerStep(10, 30, [&](int steps) { device.Run(steps); });
  // The noise of each of the two problems, the timesteps and their abar; and the order of the samples in steps where
  // the problems drew different prompts.
  EXPECT_GE(step.to_device, 4);
  EXPECT_LE(step.to_device, 5);
  EXPECT_EQ(step.to_host, 0);
  EXPECT_EQ(step.syncs, 0);
  EXPECT_EQ(step.random, 0);
  const PerStep checked = CountPerStep(50, 150, [&](int steps) { device.Run(steps); });
  EXPECT_LE(checked.syncs + checked.to_host, 0.02);  // one look for non-finite numbers in fifty steps
}

at::Tensor NullTextOn(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& context,
                      const at::Tensor& empty, const NullTextOptions& options) {
  const NoiseSchedule schedule;
  NullTextState state = StartNullText(denoiser, schedule, latents, context, empty, options);
  RunNullText(denoiser, schedule, context, options, &state);
  return state.unconditional;
}

TEST_F(Loops, NullTextInversionEqualsTheCpuAndNeverWaitsForAnInnerStep) {
  const Denoiser cpu = DenoiserOn(c10::kCPU), device = DenoiserOn(Fake());
  const at::Tensor latents = latents_.to(Fake()), context = context_.to(Fake()), empty = empty_.to(Fake());
  for (const NullTextMethod method :
       {NullTextMethod::kNullText, NullTextMethod::kGlobal, NullTextMethod::kBypass, NullTextMethod::kNegativePrompt}) {
    NullTextOptions options{.steps = 4, .inner_steps = 3};
    options.method = method;
    options.tolerance = 0;  // the CPU lets finished photos leave the batch, which changes the last bits of the others
    EXPECT_THAT(NullTextOn(device, latents, context, empty, options).cpu(),
                TensorEquals(NullTextOn(cpu, latents_, context_, empty_, options)))
        << ToString(method);
  }
  for (const double tolerance : {0.0, -1.0}) {
    NullTextOptions options{.steps = 3, .inner_steps = 3};
    options.tolerance = tolerance;
    const PerStep inner = CountPerStep(2, 6, [&](int steps) {
      options.inner_steps = steps;
      NullTextOn(device, latents, context, empty, options);
    });
    EXPECT_EQ(inner.to_device, 0) << tolerance;
    EXPECT_EQ(inner.to_host, 0) << tolerance;
    EXPECT_EQ(inner.syncs, 0) << tolerance;
    options.inner_steps = 2;
    const PerStep outer = CountPerStep(3, 9, [&](int steps) {
      options.steps = steps;
      NullTextOn(device, latents, context, empty, options);
    });
    EXPECT_LE(outer.syncs + outer.to_host, 1) << tolerance;  // one look for non-finite numbers
    EXPECT_EQ(outer.random, 0) << tolerance;
  }
}

// The doubter doubted: what the tests above would not forgive.
TEST_F(Loops, TheCounterCountsAndTheDeviceRefuses) {
  const at::Tensor there = at::ones({3}).to(Fake());
  const PerStep step = CountPerStep(1, 3, [&](int steps) {
    for (int i = 0; i < steps; ++i) {
      at::ones({3}).to(Fake());
      there.cpu();
      there.sum().item<float>();
    }
  });
  EXPECT_EQ(step.to_device, 1);
  EXPECT_EQ(step.to_host, 1);
  EXPECT_EQ(step.syncs, 1);
  EXPECT_ANY_THROW(there + at::ones({3}));
}

}  // namespace
}  // namespace tint::testing

#include "tint/inversion/null_text.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <sstream>

#include "tint/base/error.h"
#include "tint/base/switch_off.h"
#include "tint/inversion/adam.h"
#include "tint/inversion/ddim_inversion.h"

namespace tint {
namespace {

// One timestep's problem: from z at t, reach the inversion's latent at s.
struct Target {
  at::Tensor latents;            // [K, C, h, w] z
  at::Tensor conditional_noise;  // [K, C, h, w] eps_c, computed once
  at::Tensor wanted;             // [K, C, h, w] L_{N-i-1}
  int64_t timestep;
  double abar_from, abar_to;
};

at::Tensor LossAt(const Denoiser& denoiser, const Target& target, const at::Tensor& unconditional, double guidance) {
  return NullTextLoss(denoiser, target.latents, target.conditional_noise, unconditional, target.wanted, target.timestep,
                      target.abar_from, target.abar_to, guidance);
}

// A finite loss can have a gradient that is not, and the step would carry it into the embeddings.
void CheckFiniteStep(const at::Tensor& losses, const at::Tensor& gradient, int64_t step_idx, double learning_rate) {
  if ((losses + gradient.abs().sum({1, 2})).isfinite().all().item<bool>()) return;
  std::ostringstream message;
  message << "null-text-inversion: a loss or its gradient is not finite at timestep number " << step_idx
          << ", learning rate " << learning_rate << "; what was saved before is kept. Is the denoiser a trained one?";
  Fail(ExitCode::kInternal, message.str());
}

// S9, points 2 and 3: up to J steps of a fresh Adam on u, each photo until its loss is below the tolerance. Writes the
// losses and counts of this timestep into `state` and leaves the embedding in state->current.
void OptimizeEmbedding(const Denoiser& denoiser, const Target& target, const NullTextOptions& options,
                       NullTextState* state) {
  const int64_t i = state->step_idx;
  const AdamOptions adam{.learning_rate = NullTextLearningRate(options, i)};
  const double tolerance = NullTextTolerance(options, i);
  const int64_t photos = target.latents.size(0);
  at::Tensor active = at::ones({photos}, target.latents.options().dtype(at::kBool));
  at::Tensor first_moment = at::zeros_like(state->current), second_moment = at::zeros_like(state->current);
  for (int64_t j = 0; j < options.inner_steps; ++j) {
    at::Tensor losses, gradient;
    {
      c10::AutoGradMode with_grad(true);
      const at::Tensor unconditional = state->current.detach().requires_grad_(true);
      losses = LossAt(denoiser, target, unconditional, options.inversion_guidance);
      gradient = torch::autograd::grad({losses.sum()}, {unconditional})[0];
    }
    losses = losses.detach();
    CheckFiniteStep(losses, gradient, i, adam.learning_rate);
    if (j == 0) state->initial_loss.select(1, i).copy_(losses);
    if (!SwitchedOff(Mathematics::kNullTextStep))
      AdamStep(state->current, gradient, first_moment, second_moment, j + 1, adam, active);
    state->inner_steps.select(1, i).add_(active.to(at::kLong));
    // The test comes after the step, as the published code has it.
    active = active.logical_and(losses >= tolerance);
    if (!active.any().item<bool>()) break;
  }
}

}  // namespace

void NullTextOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Timesteps N of the inversion, and of generation, which uses the same.")
      .Range(1, 1000)
      .Unit("timesteps")
      .Preset("smoke", 10)
      .Source("TINT section 4: 50; S24 row 6");
  list.Add("inner-steps", &inner_steps, "Most optimiser steps per timestep; 0: DDIM inversion with the empty prompt.")
      .Range(0, 10000)
      .Unit("steps")
      .Preset("smoke", 3)
      .Source("S9: 10");
  list.Add("inversion-guidance", &inversion_guidance, "Guidance scale under which the embeddings are optimised.")
      .Range(0, 100)
      .Source("S9: 7.5");
  list.Add("scheme", &scheme, "original: learning rate x (1 - i/(2N)), tolerance + i 2e-5; fixed: both constant.")
      .Choices({"original", "fixed"})
      .Preset("upstream", "fixed")
      .Source("S24 row 5");
  list.Add("learning-rate", &learning_rate, "Learning rate at the first timestep.")
      .Range(1e-12, 10)
      .Source("S24 row 5");
  list.Add("tolerance", &tolerance, "A photo's inner steps stop after the one whose loss was below this.")
      .Range(0, 1e6)
      .Source("S24 row 5");
  list.Add("spacing", &spacing, "How the timesteps lie: trailing ends at 19 and leading at 1 for 50 steps.")
      .Choices({"trailing", "leading"})
      .Source("S24 row 6");
}

double NullTextLearningRate(const NullTextOptions& options, int64_t step_idx) {
  if (options.scheme == "fixed") return options.learning_rate;
  // 0.01 (1 - i/100) for N = 50; written for any N.
  return options.learning_rate * (1 - static_cast<double>(step_idx) / (2.0 * static_cast<double>(options.steps)));
}

double NullTextTolerance(const NullTextOptions& options, int64_t step_idx) {
  return options.scheme == "fixed" ? options.tolerance : options.tolerance + static_cast<double>(step_idx) * 2e-5;
}

NullTextState StartNullText(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& start,
                            const at::Tensor& context, const at::Tensor& empty_context, const NullTextOptions& options,
                            const std::function<void()>& after_forward) {
  const int64_t photos = start.size(0);
  NullTextState state;
  state.path =
      InvertDdim(denoiser, schedule, start, SamplerTimesteps(options.steps, options.spacing), context, after_forward);
  state.latents = state.path.back();
  state.current = empty_context.detach().to(start.options()).repeat({photos, 1, 1});
  state.unconditional =
      at::zeros({photos, options.steps, empty_context.size(1), empty_context.size(2)}, start.options());
  state.loss = at::zeros({photos, options.steps}, start.options().dtype(at::kFloat));
  state.initial_loss = at::zeros({photos, options.steps}, start.options().dtype(at::kFloat));
  state.inner_steps = at::zeros({photos, options.steps}, start.options().dtype(at::kLong));
  return state;
}

at::Tensor NullTextLoss(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& conditional_noise,
                        const at::Tensor& unconditional, const at::Tensor& target, int64_t timestep, double abar_from,
                        double abar_to, double guidance) {
  const at::Tensor timesteps = at::full({latents.size(0)}, timestep, latents.options().dtype(at::kLong));
  const at::Tensor unconditional_noise = denoiser.PredictNoise(latents, timesteps, unconditional);
  const at::Tensor moved =
      DdimMove(latents, Guide(unconditional_noise, conditional_noise, guidance), abar_from, abar_to);
  return (moved - target).square().mean({1, 2, 3});
}

void RunNullText(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& context,
                 const NullTextOptions& options, NullTextState* state,
                 const std::function<void(const NullTextState&)>& after_step) {
  const std::vector<int64_t> timesteps = SamplerTimesteps(options.steps, options.spacing);
  TINT_CHECK_EQ(state->path.size(), timesteps.size() + 1);
  const int64_t photos = state->latents.size(0);
  const at::Tensor conditional = context.size(0) == photos ? context : context.expand({photos, -1, -1});
  const auto abar_to = [&](size_t i) { return schedule.AlphaBar(i + 1 < timesteps.size() ? timesteps[i + 1] : 0); };
  const auto optimise = [&](int64_t step_idx, const at::Tensor& latents_at_t) {
    const auto i = static_cast<size_t>(step_idx);
    // S9, point 1: computed once, and handed on to the guided move, which would compute it again.
    at::Tensor conditional_noise;
    if (options.inner_steps > 0) {
      const at::Tensor timestep = at::full({photos}, timesteps[i], latents_at_t.options().dtype(at::kLong));
      conditional_noise = denoiser.PredictNoise(latents_at_t, timestep, conditional);
      OptimizeEmbedding(denoiser,
                        {.latents = latents_at_t,
                         .conditional_noise = conditional_noise,
                         .wanted = state->path[timesteps.size() - i - 1],
                         .timestep = timesteps[i],
                         .abar_from = schedule.AlphaBar(timesteps[i]),
                         .abar_to = abar_to(i)},
                        options, state);
    }
    state->unconditional.select(1, step_idx).copy_(state->current);
    return Conditioning{state->current, conditional, conditional_noise};
  };
  const auto note = [&](int64_t step_idx, const at::Tensor& latents_at_s) {
    // The loop's own guided move is the loss with the final embedding: no forward more.
    const at::Tensor wanted = state->path[timesteps.size() - static_cast<size_t>(step_idx) - 1];
    state->loss.select(1, step_idx).copy_((latents_at_s - wanted).square().mean({1, 2, 3}));
    if (options.inner_steps == 0) state->initial_loss.select(1, step_idx).copy_(state->loss.select(1, step_idx));
    state->latents = latents_at_s;
    state->step_idx = step_idx + 1;
    if (after_step) after_step(*state);
  };
  Denoise(denoiser, schedule, state->latents,
          {.guidance = options.inversion_guidance, .timesteps = timesteps, .first_step_idx = state->step_idx}, optimise,
          note);
}

}  // namespace tint

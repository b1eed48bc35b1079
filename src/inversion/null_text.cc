// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/null_text.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <sstream>

#include "tint/base/error.h"
#include "tint/inversion/ddim_inversion.h"
#include "tint/optim/adam.h"
#include "tint/tensor/async_flag.h"

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

struct Gradient {
  at::Tensor losses, unconditional;  // [K], [K, L, F]
};

Gradient GradientAt(const Denoiser& denoiser, const Target& target, const at::Tensor& current, double guidance) {
  const c10::AutoGradMode with_grad(true);
  const at::Tensor unconditional = current.detach().requires_grad_(true);
  const at::Tensor losses = LossAt(denoiser, target, unconditional, guidance);
  const at::Tensor gradient = torch::autograd::grad({losses.sum()}, {unconditional})[0];
  return {losses.detach(), gradient};
}

// The photos that are still optimised. On the CPU finished ones leave the batch; on a device, where reading a flag
// would make the host wait, they stay and are masked, until an AsyncDeviceFlag reports that all are finished.
class ActivePhotos {
 public:
  ActivePhotos(const Target& target, const NullTextState& state)
      : target_(target), flag_(target.latents.device()), compact_(target.latents.is_cpu()) {
    const int64_t photos = target.latents.size(0);
    const at::TensorOptions options = target.latents.options();
    rows_ = at::arange(photos, options.dtype(at::kLong));
    mask_ = at::ones({photos}, options.dtype(at::kBool));
    current_ = state.current;
    first_moment_ = at::zeros_like(current_);
    second_moment_ = at::zeros_like(current_);
  }

  const Target& target() const { return target_; }
  const at::Tensor& current() const { return current_; }
  const at::Tensor& rows() const { return rows_; }
  const at::Tensor& mask() const { return mask_; }

  void Step(const at::Tensor& gradient, int64_t step, const AdamOptions& adam) {
    AdamStep(current_, gradient, first_moment_, second_moment_, step, adam, mask_);
  }

  // `active` [photos of the batch], bool; true while there is work. Finished photos' embeddings go to `all` [K, L, F].
  bool Retain(const at::Tensor& active, at::Tensor* all) {
    mask_ = mask_.logical_and(active);
    if (!compact_) {
      *all = current_;
      return !flag_.Poll(mask_.any().logical_not());
    }
    *all = all->index_copy(0, rows_, current_);
    const at::Tensor kept = mask_.nonzero().squeeze(1);
    if (kept.numel() == mask_.numel()) return true;
    const auto pick = [&](at::Tensor* tensor) { *tensor = tensor->index_select(0, kept); };
    for (at::Tensor* tensor : {&rows_, &mask_, &current_, &first_moment_, &second_moment_, &target_.latents,
                               &target_.conditional_noise, &target_.wanted})
      pick(tensor);
    return kept.numel() > 0;
  }

 private:
  Target target_;
  AsyncDeviceFlag flag_;
  bool compact_;
  at::Tensor rows_;  // int64: which photos of the whole batch
  at::Tensor mask_;  // bool
  at::Tensor current_, first_moment_, second_moment_;
};

// Up to J steps of a fresh Adam on u, each photo until its loss is below the tolerance. Writes the
// losses and counts of this timestep into `state` and leaves the embedding in state->current.
void OptimizeEmbedding(const Denoiser& denoiser, const Target& target, const NullTextOptions& options,
                       NullTextState* state) {
  const int64_t i = state->step_idx;
  const AdamOptions adam{.learning_rate = NullTextLearningRate(options, i)};
  const double tolerance = NullTextTolerance(options, i);
  ActivePhotos photos(target, *state);
  for (int64_t j = 0; j < options.inner_steps; ++j) {
    const Gradient found = GradientAt(denoiser, photos.target(), photos.current(), options.inversion_guidance);
    if (j == 0) state->initial_loss.select(1, i).copy_(found.losses);
    photos.Step(found.unconditional, j + 1, adam);
    state->inner_steps.select(1, i).index_add_(0, photos.rows(), photos.mask().to(at::kLong));
    // The test comes after the step, as the published code has it.
    if (!photos.Retain(found.losses >= tolerance, &state->current)) break;
  }
}

// Once a timestep: a gradient that was not finite has made the embedding so.
void CheckFiniteStep(const NullTextState& state, double learning_rate) {
  if ((state.loss.select(1, state.step_idx).sum() + state.current.abs().sum()).isfinite().item<bool>()) return;
  std::ostringstream message;
  message << "null-text-inversion: a loss or its gradient is not finite at timestep number " << state.step_idx
          << ", learning rate " << learning_rate << ". The last checkpoint is kept. Is the denoiser a trained one?";
  Fail(ExitCode::kInternal, message.str());
}

// The guided move of timestep i.
struct Walk {
  const Denoiser& denoiser;
  const NoiseSchedule& schedule;
  std::vector<int64_t> timesteps;
  at::Tensor conditional;  // [K, L, F]

  double AbarFrom(size_t i) const { return schedule.AlphaBar(timesteps[i]); }
  double AbarTo(size_t i) const { return schedule.AlphaBar(i + 1 < timesteps.size() ? timesteps[i + 1] : 0); }

  Target TargetAt(size_t i, const at::Tensor& latents, const NullTextState& state) const {
    const at::Tensor timestep = at::full({latents.size(0)}, timesteps[i], latents.options().dtype(at::kLong));
    return {.latents = latents,
            .conditional_noise = denoiser.PredictNoise(latents, timestep, conditional),  // computed once
            .wanted = state.path[timesteps.size() - i - 1],
            .timestep = timesteps[i],
            .abar_from = AbarFrom(i),
            .abar_to = AbarTo(i)};
  }
};

// One embedding for all timesteps: J passes over them with one Adam, each move from the inversion's latent, since the
// walk's depends on the embedding that is being optimised.
void OptimizeGlobal(const Walk& walk, const NullTextOptions& options, NullTextState* state,
                    const std::function<void(const NullTextState&)>& after_pass) {
  const auto steps = static_cast<int64_t>(walk.timesteps.size());
  const AdamOptions adam{.learning_rate = options.learning_rate};
  while (state->passes < options.inner_steps) {
    for (int64_t i = 0; i < steps; ++i) {
      const auto idx = static_cast<size_t>(i);
      const Target target = walk.TargetAt(idx, state->path[walk.timesteps.size() - idx], *state);
      const Gradient found = GradientAt(walk.denoiser, target, state->current, options.inversion_guidance);
      if (state->passes == 0) state->initial_loss.select(1, i).copy_(found.losses);
      AdamStep(state->current, found.unconditional, state->first_moment, state->second_moment,
               state->passes * steps + i + 1, adam);
      state->inner_steps.select(1, i).add_(1);
    }
    ++state->passes;
    if (after_pass) after_pass(*state);
  }
}

}  // namespace

NullTextState StartNullText(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& start,
                            const at::Tensor& context, const at::Tensor& empty_context, const NullTextOptions& options,
                            const std::function<void()>& after_forward) {
  const int64_t photos = start.size(0);
  NullTextState state;
  state.path =
      InvertDdim(denoiser, schedule, start, SamplerTimesteps(options.steps, options.spacing), context, after_forward);
  state.latents = state.path.back();
  const at::Tensor initial = options.method == NullTextMethod::kNegativePrompt ? context : empty_context;
  state.current = initial.detach().to(start.options()).expand({photos, -1, -1}).contiguous();
  state.first_moment = at::zeros_like(state.current);
  state.second_moment = at::zeros_like(state.current);
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

void MeasureNullTextSample(const Denoiser& denoiser, const at::Tensor& start, const at::Tensor& context,
                           bool optimises) {
  const at::Tensor latents = start.unsqueeze(0);
  const Target target{.latents = latents,
                      .conditional_noise = at::zeros_like(latents),
                      .wanted = latents,
                      .timestep = 500,
                      .abar_from = 0.5,
                      .abar_to = 0.6};
  if (optimises) {
    GradientAt(denoiser, target, context.unsqueeze(0), 1);
  } else {
    LossAt(denoiser, target, context.unsqueeze(0), 1);
  }
}

void RunNullText(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& context,
                 const NullTextOptions& options, NullTextState* state,
                 const std::function<void(const NullTextState&)>& after_step) {
  const int64_t photos = state->latents.size(0);
  const Walk walk{denoiser, schedule, SamplerTimesteps(options.steps, options.spacing),
                  context.size(0) == photos ? context : context.expand({photos, -1, -1})};
  TINT_CHECK_EQ(state->path.size(), walk.timesteps.size() + 1);
  const bool optimises = options.method == NullTextMethod::kNullText && options.inner_steps > 0;
  if (options.method == NullTextMethod::kGlobal && state->step_idx == 0) {
    c10::NoGradGuard no_grad;
    OptimizeGlobal(walk, options, state, after_step);
  }
  const auto condition = [&](int64_t step_idx, const at::Tensor& latents_at_t) {
    // Passed to the guided move, which would compute it again.
    at::Tensor conditional_noise;
    if (optimises) {
      const Target target = walk.TargetAt(static_cast<size_t>(step_idx), latents_at_t, *state);
      conditional_noise = target.conditional_noise;
      OptimizeEmbedding(denoiser, target, options, state);
    }
    state->unconditional.select(1, step_idx).copy_(state->current);
    return Conditioning{state->current, walk.conditional, conditional_noise};
  };
  const auto note = [&](int64_t step_idx, const at::Tensor& latents_at_s) {
    // The loop's guided move gives the loss with the final embedding: no further forward.
    const at::Tensor wanted = state->path[walk.timesteps.size() - static_cast<size_t>(step_idx) - 1];
    state->loss.select(1, step_idx).copy_((latents_at_s - wanted).square().mean({1, 2, 3}));
    if (!optimises && options.method != NullTextMethod::kGlobal)
      state->initial_loss.select(1, step_idx).copy_(state->loss.select(1, step_idx));
    CheckFiniteStep(*state, NullTextLearningRate(options, step_idx));
    state->latents = latents_at_s;
    state->step_idx = step_idx + 1;
    if (after_step) after_step(*state);
  };
  Denoise(denoiser, schedule, state->latents,
          {.guidance = options.inversion_guidance, .timesteps = walk.timesteps, .first_step_idx = state->step_idx},
          condition, note);
}

}  // namespace tint

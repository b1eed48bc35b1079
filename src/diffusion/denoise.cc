// SPDX-License-Identifier: Apache-2.0
#include "tint/diffusion/denoise.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "tint/base/error.h"

namespace tint {
namespace {

at::Tensor TimestepBatch(int64_t timestep, int64_t batch, const c10::Device& device) {
  return at::full({batch}, timestep, at::TensorOptions().dtype(at::kLong).device(device));
}

}  // namespace

at::Tensor DdimMove(const at::Tensor& latents, const at::Tensor& noise, double abar_from, double abar_to) {
  // Song et al. 2021 (arxiv.org/abs/2010.02502), formula (12) with sigma = 0:
  // 1. predicted clean latents z0
  const at::Tensor clean = (latents - std::sqrt(1 - abar_from) * noise) / std::sqrt(abar_from);
  // 2. back to the noise level of s, with the same noise direction
  return std::sqrt(abar_to) * clean + std::sqrt(1 - abar_to) * noise;
}

at::Tensor DpmSolverMove(const at::Tensor& latents, const at::Tensor& noise, double abar_from, double abar_to,
                         bool first_order, DpmSolverStep* before) {
  const double a_from = std::sqrt(abar_from), a_to = std::sqrt(abar_to);
  const double s_from = std::sqrt(1 - abar_from), s_to = std::sqrt(1 - abar_to);
  const double h = std::log(a_to / s_to) - std::log(a_from / s_from);
  const at::Tensor clean = (latents - s_from * noise) / a_from;
  at::Tensor direction = clean;
  if (!first_order && before->clean.defined()) direction = clean + (clean - before->clean) * (h / (2 * before->h));
  *before = {clean, h};
  return (s_to / s_from) * latents - (a_to * std::expm1(-h)) * direction;
}

at::Tensor Guide(const at::Tensor& unconditional_noise, const at::Tensor& conditional_noise, double guidance) {
  return unconditional_noise + guidance * (conditional_noise - unconditional_noise);
}

at::Tensor GuidedNoise(const Denoiser& denoiser, const at::Tensor& latents, int64_t timestep,
                       const Conditioning& conditioning, double guidance) {
  const int64_t batch = latents.size(0);
  const auto predict = [&](const at::Tensor& context) {
    return denoiser.PredictNoise(latents, TimestepBatch(timestep, batch, latents.device()), context);
  };
  const at::Tensor& known = conditioning.conditional_noise;
  if (guidance == 1.0) return known.defined() ? known : predict(conditioning.conditional);
  if (known.defined()) return Guide(predict(conditioning.unconditional), known, guidance);
  const at::Tensor both =
      denoiser.PredictNoise(at::cat({latents, latents}), TimestepBatch(timestep, 2 * batch, latents.device()),
                            at::cat({conditioning.unconditional, conditioning.conditional}));
  return Guide(both.narrow(0, 0, batch), both.narrow(0, batch, batch), guidance);
}

at::Tensor Denoise(const Denoiser& denoiser, const NoiseSchedule& schedule, at::Tensor latents,
                   const DenoiseOptions& options, const ConditioningAtStep& conditioning, const AfterStep& after_step) {
  const auto steps = static_cast<int64_t>(options.timesteps.size());
  TINT_CHECK_GE(options.first_step_idx, 0);
  TINT_CHECK_LE(options.first_step_idx, steps);
  const bool multistep = options.sampler == Sampler::kDpmSolver;
  TINT_CHECK(!multistep || options.first_step_idx == 0) << ToString(options.sampler);
  DpmSolverStep before;
  c10::NoGradGuard no_grad;
  for (int64_t step_idx = options.first_step_idx; step_idx < steps; ++step_idx) {
    const int64_t from = options.timesteps[static_cast<size_t>(step_idx)];
    const int64_t to = step_idx + 1 < steps ? options.timesteps[static_cast<size_t>(step_idx + 1)] : 0;
    const Conditioning steering = conditioning(step_idx, latents);
    const at::Tensor noise = GuidedNoise(denoiser, latents, from, steering, options.guidance);
    const double abar_from = schedule.AlphaBar(from), abar_to = schedule.AlphaBar(to);
    const bool first_order = step_idx + 1 == steps;
    latents = multistep ? DpmSolverMove(latents, noise, abar_from, abar_to, first_order, &before)
                        : DdimMove(latents, noise, abar_from, abar_to);
    if (after_step) after_step(step_idx, latents);
  }
  return latents;
}

}  // namespace tint

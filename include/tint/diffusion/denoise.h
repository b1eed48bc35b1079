// SPDX-License-Identifier: Apache-2.0
// The DDIM move, classifier-free guidance, and THE denoising loop: there is no other in the tree.
//
//   variable        symbol (Song et al. 2021, arXiv 2010.02502; Ho & Salimans 2022, arXiv 2207.12598)
//   latents_at_t    z_t
//   noise           eps_theta(z_t, t, c)
//   abar_from/to    abar_t, abar_s
//   guidance        w
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/diffusion/noise_schedule.h"
#include "tint/models/modules.h"

namespace tint {

// Deterministic DDIM (eta = 0), used both ways:
//   z0 = (z_t - sqrt(1 - abar_t) eps) / sqrt(abar_t);  z_s = sqrt(abar_s) z0 + sqrt(1 - abar_s) eps
at::Tensor DdimMove(const at::Tensor& latents, const at::Tensor& noise, double abar_from, double abar_to);

// DPM-Solver++(2M) (Lu et al. 2022, arXiv 2211.01095, algorithm 2), with a = sqrt(abar), s = sqrt(1 - abar) and
// lambda = log(a/s): z_s = (s_s/s_t) z_t - a_s (exp(-h) - 1) D, h = lambda_s - lambda_t; D is the predicted clean
// latent z0, from the second step on D = z0 + (z0 - z0_before) h / (2 h_before). The last step is of first order: to
// timestep 0, h is several times h_before, too far for that line.
struct DpmSolverStep {
  at::Tensor clean;  // [B, C, h, w] z0 of the step before; undefined before the first
  double h = 0;      // of the step before
};
at::Tensor DpmSolverMove(const at::Tensor& latents, const at::Tensor& noise, double abar_from, double abar_to,
                         bool first_order, DpmSolverStep* before);

// eps = eps_u + w (eps_c - eps_u)
at::Tensor Guide(const at::Tensor& unconditional_noise, const at::Tensor& conditional_noise, double guidance);

// The conditioning of one step.
struct Conditioning {
  at::Tensor unconditional;           // [B, L, F]
  at::Tensor conditional;             // [B, L, F]
  at::Tensor conditional_noise = {};  // [B, C, h, w] if the caller has it already: that branch then needs no forward
};

// Both branches in one call of batch 2B (unconditional first), or the conditional one alone when guidance is 1.
// latents [B, C, h, w] -> [B, C, h, w], in the latents' dtype.
at::Tensor GuidedNoise(const Denoiser& denoiser, const at::Tensor& latents, int64_t timestep,
                       const Conditioning& conditioning, double guidance);

// Called before each step, with the latents at that step: generation returns stored embeddings, null-text inversion
// optimises them there. step_idx counts from 0 at the noise end.
using ConditioningAtStep = std::function<Conditioning(int64_t step_idx, const at::Tensor& latents_at_t)>;
// Called after each step, with the latents just reached (safe point for saving and stopping).
using AfterStep = std::function<void(int64_t step_idx, const at::Tensor& latents_at_s)>;

// DDIM (arXiv 2010.02502), or DPM-Solver++ (2M, arXiv 2211.01095) on the same timesteps, which is another generator.
enum class Sampler { kDdim, kDpmSolver };
template <>
struct EnumNames<Sampler> {
  static constexpr EnumName<Sampler> kNames[] = {{Sampler::kDdim, "ddim"}, {Sampler::kDpmSolver, "dpm-solver++"}};
};

struct DenoiseOptions {
  double guidance = 7.5;
  std::vector<int64_t> timesteps;  // descending; the last step ends at timestep 0 (abar_0), as the published code does
  int64_t first_step_idx = 0;  // > 0 continues with latents that were saved after step first_step_idx - 1; ddim only
  Sampler sampler = Sampler::kDdim;
};

// latents [B, C, h, w] at timesteps[first_step_idx] -> latents at timestep 0. No gradient is recorded by the loop
// itself.
at::Tensor Denoise(const Denoiser& denoiser, const NoiseSchedule& schedule, at::Tensor latents,
                   const DenoiseOptions& options, const ConditioningAtStep& conditioning,
                   const AfterStep& after_step = {});

}  // namespace tint

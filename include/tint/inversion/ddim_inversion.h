// SPDX-License-Identifier: Apache-2.0
// DDIM inversion: from an image's latents up to the noise end, keeping the latents of every timestep. arXiv 2010.02502;
// docs/method.md, DDIM inversion.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "tint/diffusion/denoise.h"

namespace tint {

// start [K, C, h, w]: treated as latents at timestep 0. Walks `timesteps` (descending, as the sampler's) upwards with
// the conditional embedding alone: the network is fed the *destination's* timestep, as both published codes do. context
// [K, L, F] or [1, L, F]. Returns N + 1 latents: [0] = start ... [N] = noise end. `after_step` is a safe point.
std::vector<at::Tensor> InvertDdim(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& start,
                                   const std::vector<int64_t>& timesteps, const at::Tensor& context,
                                   const std::function<void()>& after_step = {});

}  // namespace tint

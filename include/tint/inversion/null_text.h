// SPDX-License-Identifier: Apache-2.0
// Null-text inversion (Mokady et al. 2023, arXiv 2211.09794): docs/method.md, Null-text inversion.
//
// For each photo and timestep, the unconditional embedding u is optimised so that a guided step lands on the DDIM
// inversion's latent: L = mean((step(z, eps_u + w (eps_c - eps_u), t -> s) - L_{N-i-1})^2). Photos go in one batch;
// each stops separately, after the step whose loss is below the tolerance.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/diffusion/denoise.h"
#include "tint/diffusion/noise_schedule.h"
#include "tint/options/option.h"

namespace tint {

// method          unconditional embeddings
// null-text       optimised at each timestep, from those of the timestep before
// global          one for all timesteps, optimised in J passes over them: an ablation of the null-text paper
// bypass          of the empty prompt: DDIM inversion alone
// negative-prompt those of the prompt itself (Miyake et al. 2023, arXiv 2305.16807): guidance has no effect then, which
// makes it
//                 another generator
//
// scheme          learning rate        tolerance of timestep i
// original        0.01 (1 - i/(2N))    1e-5 + i 2e-5    google/prompt-to-prompt
// diffusers       0.01 (1 - i/(2N))    1e-6 + i 2e-5    diffusers' community pipeline
// fixed           0.01                 1e-5             pixwse/tiny2
enum class NullTextMethod { kNullText, kGlobal, kBypass, kNegativePrompt };
template <>
struct EnumNames<NullTextMethod> {
  static constexpr EnumName<NullTextMethod> kNames[] = {{NullTextMethod::kNullText, "null-text"},
                                                        {NullTextMethod::kGlobal, "global"},
                                                        {NullTextMethod::kBypass, "bypass"},
                                                        {NullTextMethod::kNegativePrompt, "negative-prompt"}};
};

enum class NullTextScheme { kOriginal, kDiffusers, kFixed };
template <>
struct EnumNames<NullTextScheme> {
  static constexpr EnumName<NullTextScheme> kNames[] = {{NullTextScheme::kOriginal, "original"},
                                                        {NullTextScheme::kDiffusers, "diffusers"},
                                                        {NullTextScheme::kFixed, "fixed"}};
};

struct NullTextOptions {
  int64_t steps = 50;        // N; generation uses the same timesteps
  int64_t inner_steps = 10;  // J
  double inversion_guidance = 7.5;
  NullTextMethod method = NullTextMethod::kNullText;
  NullTextScheme scheme = NullTextScheme::kOriginal;
  double learning_rate = 0.01;
  double tolerance = -1;  // -1: the scheme's
  TimestepSpacing spacing = TimestepSpacing::kTrailing;
  int64_t batch_size = 0;     // photos of one batch; 0: all of the episode
  double warn_psnr_loss = 6;  // dB
  std::string inverted = {};  // "NAME=FILE,...": photos that were inverted elsewhere

  void Declare(OptionList& list);
};

// What contradicts itself: Error(kBadConfiguration).
void CheckNullTextOptions(const NullTextOptions& options);

// Of timestep number step_idx. A tolerance of 0 stays 0: no photo stops early.
double NullTextLearningRate(const NullTextOptions& options, int64_t step_idx);
double NullTextTolerance(const NullTextOptions& options, int64_t step_idx);

// K photos, N steps. Everything that a restart needs. Entries are written in place: clone the tensors to keep a copy.
struct NullTextState {
  std::vector<at::Tensor> path;  // N + 1 latents [K, C, h, w] of the DDIM inversion, [0] = start
  at::Tensor latents;            // [K, C, h, w] of the guided walk, at step_idx
  at::Tensor current;            // [K, L, F] the embedding left by the last timestep
  at::Tensor first_moment;       // [K, L, F] Adam's, where one optimiser serves all timesteps (global)
  at::Tensor second_moment;      // [K, L, F]
  at::Tensor unconditional;      // [K, N, L, F]
  at::Tensor loss;               // [K, N] float32: of the last inner step's guided move, with the final embedding
  at::Tensor initial_loss;       // [K, N] float32: before the first inner step of that timestep
  at::Tensor inner_steps;        // [K, N] int64 taken
  int64_t step_idx = 0;          // finished timesteps
  int64_t passes = 0;            // finished passes over all timesteps (global)
};

// Encoded photos `start` [K, C, h, w], context of their prompts [K, L, F] (or [1, L, F]), empty context [1, L, F].
// `after_forward` is a safe point.
NullTextState StartNullText(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& start,
                            const at::Tensor& context, const at::Tensor& empty_context, const NullTextOptions& options,
                            const std::function<void()>& after_forward = {});

// Per-photo loss [K] of one guided move with embedding u [K, L, F]; differentiable in u. conditional_noise [K, C, h, w]
// is computed once.
at::Tensor NullTextLoss(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& conditional_noise,
                        const at::Tensor& unconditional, const at::Tensor& target, int64_t timestep, double abar_from,
                        double abar_to, double guidance);

// What an inner step costs for one photo, start [C, h, w] and context [L, F], for a measurement of memory: the forward,
// and with `optimises` the backward pass.
void MeasureNullTextSample(const Denoiser& denoiser, const at::Tensor& start, const at::Tensor& context,
                           bool optimises);

// Runs THE denoising loop with a conditioning that optimises u at each step. `after_step` as in Denoise: safe point.
void RunNullText(const Denoiser& denoiser, const NoiseSchedule& schedule, const at::Tensor& context,
                 const NullTextOptions& options, NullTextState* state,
                 const std::function<void(const NullTextState&)>& after_step = {});

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Textual inversion (Gal et al. 2022, arXiv 2208.01618) as the paper uses it (section 3): docs/method.md, Textual
// inversion.
//
// One word per class, learned so that the denoiser predicts the noise in the class's photos:
//   L = mean((U(sqrt(abar_t) z + sqrt(1 - abar_t) n, t, text(prompt with v)) - n)^2),  t ~
//   U{min_timestep...max_timestep}
// Only v is optimised. All classes go in one batch; the loss is the sum over classes of each one's mean, so their
// gradients are independent and batching never changes a problem's mathematics.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/diffusion/noise_schedule.h"
#include "tint/inversion/prompt.h"
#include "tint/models/modules.h"
#include "tint/options/option.h"

namespace tint {

// adamw also decays the learned vectors.
enum class WordOptimizer { kAdam, kAdamW };
template <>
struct EnumNames<WordOptimizer> {
  static constexpr EnumName<WordOptimizer> kNames[] = {{WordOptimizer::kAdam, "adam"},
                                                       {WordOptimizer::kAdamW, "adamw"}};
};

// A photo's latent: the mean of the autoencoder's posterior, or a new sample of it in each step.
enum class PhotoLatents { kMean, kSample };
template <>
struct EnumNames<PhotoLatents> {
  static constexpr EnumName<PhotoLatents> kNames[] = {{PhotoLatents::kMean, "mean"}, {PhotoLatents::kSample, "sample"}};
};

enum class PhotoAugmentation { kNone, kFlip, kFull };
template <>
struct EnumNames<PhotoAugmentation> {
  static constexpr EnumName<PhotoAugmentation> kNames[] = {
      {PhotoAugmentation::kNone, "none"}, {PhotoAugmentation::kFlip, "flip"}, {PhotoAugmentation::kFull, "full"}};
};

struct TextualInversionOptions {
  int64_t steps = 5000;
  double learning_rate = 1e-3;
  WordOptimizer optimizer = WordOptimizer::kAdam;
  double weight_decay = 0.0;
  int64_t min_timestep = 250;
  int64_t max_timestep = 999;
  bool exact_timesteps = false;  // only those at which the sampler stops
  int64_t batch_size = 1;        // photos of a class in a step
  int64_t micro_batch_size = 0;  // samples of one pass; 0: all of a step
  PhotoLatents latents = PhotoLatents::kMean;
  PhotoAugmentation augmentation = PhotoAugmentation::kNone;
  int64_t augmented_copies = 16;
  std::string prompt = "a photo of an #object";
  std::string init_word = "object";
  int64_t vectors = 1;
  std::string templates;              // file of more prompts, one a line
  int64_t preview_every = 0;          // steps; 0: never
  std::string embedding = {};         // a file of a word learned elsewhere
  std::string class_embeddings = {};  // "NAME=FILE,NAME=FILE"

  void Declare(OptionList& list);
};

// One class. Draws (photo, timestep, noise) of step k come from the stream (seed, "textual-inversion", episode_idx,
// class_idx, k).
struct TextualInversionProblem {
  // [K V, C, h, w] scaled latents: V versions of each of K photos, those of a photo next to each other.
  at::Tensor latents;
  int64_t versions = 1;
  at::Tensor deviation = {};  // as `latents`: standard deviation of the posterior; undefined: z is its mean
  uint64_t seed = 0;
  uint64_t episode_idx = 0;
  uint64_t class_idx = 0;
};

// Everything that a restart needs (no random state: draws are keyed by the step). `losses` is written in place:
// clone it to keep a copy. For P problems of n vectors of width D:
struct TextualInversionState {
  at::Tensor vectors;        // [P, n, D] float32
  at::Tensor first_moment;   // [P, n, D] Adam's m
  at::Tensor second_moment;  // [P, n, D] Adam's v
  at::Tensor losses;         // [P, steps] float32, one entry a finished step
  int64_t step = 0;          // finished steps
};

// What all problems share. `prompts` are alternatives of equal vectors, one of which each sample draws; the first is
// the prompt that later stages use.
struct TextualInversionSetting {
  const Denoiser& denoiser;
  const TextEncoder& text_encoder;
  const NoiseSchedule& schedule;
  const std::vector<PromptTemplate>& prompts;
  // With options.exact_timesteps the sampler's stops, of which those in the range are drawn from; else unused.
  std::vector<int64_t> sampler_timesteps = {};
};

TextualInversionState StartTextualInversion(const PromptTemplate& prompt, int64_t problems,
                                            const TextualInversionOptions& options);

// L of each sample: latents, noise [S, C, h, w], timesteps int64 [S], abars [S, 1, 1, 1] theirs, context [S, L, F] ->
// [S]. Differentiable in `context`.
at::Tensor NoisePredictionLoss(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& noise,
                               const at::Tensor& timesteps, const at::Tensor& abars, const at::Tensor& context);

// The same with contexts made of learned [S, n, D]: differentiable in them. Exposed for the gradient test.
at::Tensor TextualInversionLoss(const Denoiser& denoiser, const TextEncoder& text_encoder,
                                const NoiseSchedule& schedule, const PromptTemplate& prompt, const at::Tensor& latents,
                                const at::Tensor& noise, const at::Tensor& timesteps, const at::Tensor& learned);

// Mean loss of each problem on fixed draws (every photo at `draws` timesteps, stream "textual-inversion/check"), [P]:
// comparable before and after.
at::Tensor FixedNoiseLoss(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                          const TextualInversionOptions& options, const at::Tensor& learned, int64_t draws = 4);

// Continues from `state` to options.steps. `after_step` is called after each step with the state (safe
// point: it may save, after RequireFinite, and may throw to stop). Nothing in a step waits for the device.
void RunTextualInversion(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                         const TextualInversionOptions& options, TextualInversionState* state,
                         const std::function<void(const TextualInversionState&)>& after_step = {});

// A loss or gradient that was not finite leaves the vectors so: Error(kInternal) naming class, step and learning rate.
// RunTextualInversion calls it every 50 steps and at its end.
void RequireFinite(const TextualInversionState& state, const std::vector<TextualInversionProblem>& problems,
                   const TextualInversionOptions& options);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// TINT's images: an inverted photo's noise end blended with fresh noise, denoised with the photo's own unconditional
// embeddings and its class's prompt, decoded. Paper section 3.2; docs/method.md, Blending and generation.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/diffusion/denoise.h"
#include "tint/models/modules.h"

namespace tint {

// What the images of one class are made from: its K inverted photos, N timesteps. All on the models' device.
struct InvertedPaths {
  at::Tensor latents;        // [K, C, h, w] the noise ends
  at::Tensor unconditional;  // [K, N, L, F]
  at::Tensor conditional;    // [1, L, F]
  std::vector<int64_t> timesteps;
};

struct SampleOptions {
  int64_t image_size = 84;    // side of the images, in pixels
  double alpha = 1.0;         // share of fresh noise, 0 to 1
  bool random_alpha = false;  // alpha evenly from 0 to 1, for each image
  int64_t support = -1;       // index of the one photo whose path is taken; -1: any
  double guidance = 7.5;
  Sampler sampler = Sampler::kDdim;
  bool keep_originals = false;  // also the images at the decoder's own size
  // Images of one batch. Batches are always full, since kernels may round differently at another size: image k has the
  // same bytes however many images are asked for.
  int64_t batch_size = 8;
};

// Image number k (from `first`) of a class draws from the stream (seed, "generate", episode_idx, class_idx, k), its
// a-th redraw from (seed, "generate/attempt-<a>", ...): photo, noise, then alpha if it is random.
struct SampleDraws {
  uint64_t seed = 0, episode_idx = 0, class_idx = 0;
  int64_t first = 0, count = 0;  // at most batch_size images
};

struct SampledImage {
  at::Tensor image;     // uint8 [3, S, S], CPU
  at::Tensor original;  // uint8 [3, 8h, 8w], CPU; undefined unless originals are kept
  int64_t support_idx = 0;
  double alpha = 0;
  int64_t attempt = 0;  // redraws that it took
};

// Counts the images of a run that had to be drawn again: more than 1 % of `images` (at least 1) means that a model is
// broken. `advice` ends the error, such as " (in float16; try --dtype float32)".
class RedrawBudget {
 public:
  RedrawBudget(int64_t images, std::string advice);
  int64_t count() const { return count_; }
  const std::string& advice() const { return advice_; }
  // More than the budget: Error(kInternal).
  void Add(int64_t images);

 private:
  int64_t maximum_, count_ = 0;
  std::string advice_;
};

// The images of `draws`, in order. One that has a single colour or values that are not finite is drawn again from its
// next stream, and counted once; Error(kInternal) after kMaxRedraws of them. `after_step` as in Denoise: a safe point.
inline constexpr int64_t kMaxRedraws = 5;
std::vector<SampledImage> SampleImages(const Denoiser& denoiser, const Autoencoder& autoencoder,
                                       const InvertedPaths& paths, const SampleDraws& draws,
                                       const SampleOptions& options, RedrawBudget* redraws,
                                       const AfterStep& after_step = {});

// What one image costs, for a measurement of memory: a guided step and a decoded image.
void MeasureSample(const Denoiser& denoiser, const Autoencoder& autoencoder, const InvertedPaths& paths,
                   double guidance);

}  // namespace tint

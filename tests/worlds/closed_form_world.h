// SPDX-License-Identifier: Apache-2.0
// Worlds whose answers are known, as TorchScript modules in double precision.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tint/models/modules.h"
#include "tint/text/clip_tokenizer.h"

namespace tint::testing {

// Images are N(mu, std^2) in each element, mu = mean of the context; the perfect predictor of their noise is
//   eps(z, t, c) = sqrt(1 - abar_t) (z - sqrt(abar_t) mu) / (abar_t std^2 + 1 - abar_t)
// std = 0: the world holds one single image, and every prediction of it is exact.
Denoiser GaussianDenoiser(double std);

// sample * t / (t + 1): what diffusers tests its schedulers with. Two channels.
Denoiser RampDenoiser();

// A small U-Net in kind: convolution, timestep term, tanh, attention of the pixels to the context, convolution. Two
// channels, any height and width, seeded weights.
Denoiser NonlinearDenoiser();

// What the three denoisers above and the encoders below agree on.
inline constexpr int64_t kContextLength = 8;
inline constexpr int64_t kContextWidth = 3;
inline constexpr int64_t kEmbeddingWidth = 4;

// Token vectors are 0 and the context is 8 x the vectors' mean, so that its mean is the learned vector's mean.
TextEncoder MeanTextEncoder();
// Position term, attention of each token to those before it, tanh; seeded weights.
TextEncoder NonlinearTextEncoder(int64_t vocabulary = ClipTokenizer::kVocabularySize);

// CLIP's, from configs/tokenizer.
ClipTokenizer RealTokenizer();

// [batch, kContextLength, kContextWidth] of one value.
at::Tensor ConstantContext(double value, int64_t batch = 1);

}  // namespace tint::testing

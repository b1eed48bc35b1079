// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tint {

// The widest registers' floats.
inline constexpr int64_t kChannelsTogether = 16;

// One image of batch_norm_act.h, pixels in rows of `channels` floats. The channel's map is a = scale x + shift.
struct NormImage {
  const float* input;  // [height, width, channels]
  int64_t height, width, channels;
  const float *scale, *shift;
  float slope;
};

// What the backward pass adds to each pixel: gradient = scale g - offset - tilt (x - mean), with g the gradient of a.
struct NormBackward {
  const float *mean, *offset, *tilt;
};

}  // namespace tint

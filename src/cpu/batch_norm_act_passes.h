// SPDX-License-Identifier: Apache-2.0
#pragma once

// batch_norm_act.h for an image, for one instruction set (vec.h). Channels are a multiple of kChannelsTogether.

#include "batch_norm_act_rows.h"
#include "vec.h"

namespace tint {
namespace {

constexpr int64_t kPixelsOfASum = 128;  // added in float32, the sums of that many in double

// sums[c] += sum over pixels of x - origin, squares[c] += sum of its square.
inline void NormSums(const float* input, int64_t pixels, int64_t channels, const float* origin, double* sums,
                     double* squares) {
  for (int64_t first = 0; first < pixels; first += kPixelsOfASum) {
    const int64_t last = first + kPixelsOfASum < pixels ? first + kPixelsOfASum : pixels;
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      const Vec from = Load(origin + c);
      Vec sum = {}, square = {};
      for (int64_t p = first; p < last; ++p) {
        const Vec x = Load(input + p * channels + c) - from;
        sum += x;
        square += x * x;
      }
      for (int64_t i = 0; i < kVecWidth; ++i) {
        sums[c + i] += static_cast<double>(sum[i]);
        squares[c + i] += static_cast<double>(square[i]);
      }
    }
  }
}

TINT_INLINE Vec Activate(const Vec& a, float slope) { return a > Vec{} ? a : a * slope; }

inline void NormForward(const NormImage& image, float* output) {
  const int64_t channels = image.channels;
  for (int64_t p = 0; p < image.height * image.width; ++p) {
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      const Vec a = Load(image.input + p * channels + c) * Load(image.scale + c) + Load(image.shift + c);
      Store(output + p * channels + c, a != a ? a : Activate(a, image.slope));
    }
  }
}

// The greatest of a window, and the input that gave it: the first of equals, and any that is not a number.
struct Greatest {
  Vec a, x;
  IntVec which;
};

TINT_INLINE void FindGreatest(const float* const* pixels, int64_t c, const Vec& scale, const Vec& shift,
                              Greatest* greatest) {
  greatest->x = Load(pixels[0] + c);
  greatest->a = greatest->x * scale + shift;
  greatest->which = IntVec{};
  TINT_UNROLL
  for (int k = 1; k < 4; ++k) {
    const Vec x = Load(pixels[k] + c), a = x * scale + shift;
    const IntVec better = (a > greatest->a) | (a != a);
    greatest->a = better ? a : greatest->a;
    greatest->x = better ? x : greatest->x;
    greatest->which = better ? IntVec{} + k : greatest->which;
  }
}

TINT_INLINE void WindowPixels(const NormImage& image, int64_t row, int64_t column, const float** pixels) {
  const int64_t stride = image.width * image.channels;
  pixels[0] = image.input + 2 * row * stride + 2 * column * image.channels;
  pixels[1] = pixels[0] + image.channels;
  pixels[2] = pixels[0] + stride;
  pixels[3] = pixels[2] + image.channels;
}

// output, greatest [height / 2, width / 2, channels]: the pooled values, and the inputs that gave them.
inline void NormPoolForward(const NormImage& image, float* output, float* greatest) {
  const float* pixels[4];
  for (int64_t row = 0; row < image.height / 2; ++row) {
    for (int64_t column = 0; column < image.width / 2; ++column) {
      WindowPixels(image, row, column, pixels);
      for (int64_t c = 0; c < image.channels; c += kVecWidth) {
        Greatest best;
        FindGreatest(pixels, c, Load(image.scale + c), Load(image.shift + c), &best);
        Store(output + c, best.a != best.a ? best.a : Activate(best.a, image.slope));
        Store(greatest + c, best.x);
      }
      output += image.channels;
      greatest += image.channels;
    }
  }
}

// sums[c] += sum of g, products[c] += sum of g (x - mean), g the gradient of a: over the inputs x that were let through
// (all, or the greatest of each window) and the gradients of what they gave.
inline void NormBackwardSums(const float* input, const float* given, int64_t pixels, const NormImage& image,
                             const float* mean, double* sums, double* products) {
  const int64_t channels = image.channels;
  for (int64_t first = 0; first < pixels; first += kPixelsOfASum) {
    const int64_t last = first + kPixelsOfASum < pixels ? first + kPixelsOfASum : pixels;
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      const Vec scale = Load(image.scale + c), shift = Load(image.shift + c), middle = Load(mean + c);
      Vec sum = {}, product = {};
      for (int64_t p = first; p < last; ++p) {
        const Vec x = Load(input + p * channels + c), a = x * scale + shift;
        Vec g = Load(given + p * channels + c);
        g = a > Vec{} ? g : g * image.slope;
        sum += g;
        product += g * (x - middle);
      }
      for (int64_t i = 0; i < kVecWidth; ++i) {
        sums[c + i] += static_cast<double>(sum[i]);
        products[c + i] += static_cast<double>(product[i]);
      }
    }
  }
}

TINT_INLINE void StoreGradient(const float* x, const Vec& g, int64_t c, const Vec& scale, const NormBackward& backward,
                               float* gradient) {
  Store(gradient + c,
        scale * g - Load(backward.offset + c) - Load(backward.tilt + c) * (Load(x + c) - Load(backward.mean + c)));
}

inline void NormBackwardPass(const NormImage& image, const NormBackward& backward, const float* given,
                             float* gradient) {
  const int64_t channels = image.channels;
  for (int64_t p = 0; p < image.height * image.width; ++p) {
    const float* x = image.input + p * channels;
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      const Vec scale = Load(image.scale + c), a = Load(x + c) * scale + Load(image.shift + c);
      const Vec g = Load(given + p * channels + c);
      StoreGradient(x, a > Vec{} ? g : g * image.slope, c, scale, backward, gradient + p * channels);
    }
  }
}

// Pixels outside whole windows: nothing of them left.
TINT_INLINE void NormBackwardOutside(const NormImage& image, const NormBackward& backward, int64_t pixel,
                                     float* gradient) {
  const int64_t offset = pixel * image.channels;
  for (int64_t c = 0; c < image.channels; c += kVecWidth)
    StoreGradient(image.input + offset, Vec{}, c, Load(image.scale + c), backward, gradient + offset);
}

inline void NormPoolBackwardPass(const NormImage& image, const NormBackward& backward, const float* given,
                                 float* gradient) {
  const float* pixels[4];
  const int64_t rows = image.height / 2, columns = image.width / 2;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      WindowPixels(image, row, column, pixels);
      for (int64_t c = 0; c < image.channels; c += kVecWidth) {
        const Vec scale = Load(image.scale + c);
        Greatest best;
        FindGreatest(pixels, c, scale, Load(image.shift + c), &best);
        Vec g = Load(given + (row * columns + column) * image.channels + c);
        g = best.a > Vec{} ? g : g * image.slope;
        TINT_UNROLL
        for (int k = 0; k < 4; ++k) {
          const IntVec argmax = best.which == IntVec{} + k;
          StoreGradient(pixels[k], argmax ? g : Vec{}, c, scale, backward, gradient + (pixels[k] - image.input));
        }
      }
    }
    if (image.width % 2 == 1) {
      NormBackwardOutside(image, backward, (2 * row + 1) * image.width - 1, gradient);
      NormBackwardOutside(image, backward, (2 * row + 2) * image.width - 1, gradient);
    }
  }
  if (image.height % 2 == 1) {
    for (int64_t column = 0; column < image.width; ++column)
      NormBackwardOutside(image, backward, (image.height - 1) * image.width + column, gradient);
  }
}

}  // namespace
}  // namespace tint

#pragma once

// norm_activate.h for a picture, for one processor (lanes.h). Channels are a multiple of kChannelsTogether.

#include "lanes.h"
#include "norm_activate_rows.h"

namespace tint {
namespace {

constexpr int64_t kPixelsOfASum = 128;  // added in float32, the sums of that many in double

// sums[c] += sum over pixels of x - origin, squares[c] += sum of its square.
inline void NormSums(const float* input, int64_t pixels, int64_t channels, const float* origin, double* sums,
                     double* squares) {
  for (int64_t first = 0; first < pixels; first += kPixelsOfASum) {
    const int64_t last = first + kPixelsOfASum < pixels ? first + kPixelsOfASum : pixels;
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Lanes from = Load(origin + c);
      Lanes sum = {}, square = {};
      for (int64_t p = first; p < last; ++p) {
        const Lanes x = Load(input + p * channels + c) - from;
        sum += x;
        square += x * x;
      }
      for (int64_t i = 0; i < kLanes; ++i) {
        sums[c + i] += static_cast<double>(sum[i]);
        squares[c + i] += static_cast<double>(square[i]);
      }
    }
  }
}

TINT_INLINE Lanes Activate(const Lanes& a, float slope) { return a > Lanes{} ? a : a * slope; }

inline void NormForward(const NormPicture& picture, float* output) {
  const int64_t channels = picture.channels;
  for (int64_t p = 0; p < picture.height * picture.width; ++p) {
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Lanes a = Load(picture.input + p * channels + c) * Load(picture.scale + c) + Load(picture.shift + c);
      Store(output + p * channels + c, a != a ? a : Activate(a, picture.slope));
    }
  }
}

// The greatest of a window, and the input that gave it: the first of equals, and any that is not a number.
struct Greatest {
  Lanes a, x;
  IntLanes which;
};

TINT_INLINE void FindGreatest(const float* const* pixels, int64_t c, const Lanes& scale, const Lanes& shift,
                              Greatest* greatest) {
  greatest->x = Load(pixels[0] + c);
  greatest->a = greatest->x * scale + shift;
  greatest->which = IntLanes{};
  TINT_UNROLL
  for (int k = 1; k < 4; ++k) {
    const Lanes x = Load(pixels[k] + c), a = x * scale + shift;
    const IntLanes better = (a > greatest->a) | (a != a);
    greatest->a = better ? a : greatest->a;
    greatest->x = better ? x : greatest->x;
    greatest->which = better ? IntLanes{} + k : greatest->which;
  }
}

TINT_INLINE void WindowPixels(const NormPicture& picture, int64_t row, int64_t column, const float** pixels) {
  const int64_t stride = picture.width * picture.channels;
  pixels[0] = picture.input + 2 * row * stride + 2 * column * picture.channels;
  pixels[1] = pixels[0] + picture.channels;
  pixels[2] = pixels[0] + stride;
  pixels[3] = pixels[2] + picture.channels;
}

// output, greatest [height / 2, width / 2, channels]: the pooled values, and the inputs that gave them.
inline void NormPoolForward(const NormPicture& picture, float* output, float* greatest) {
  const float* pixels[4];
  for (int64_t row = 0; row < picture.height / 2; ++row) {
    for (int64_t column = 0; column < picture.width / 2; ++column) {
      WindowPixels(picture, row, column, pixels);
      for (int64_t c = 0; c < picture.channels; c += kLanes) {
        Greatest best;
        FindGreatest(pixels, c, Load(picture.scale + c), Load(picture.shift + c), &best);
        Store(output + c, best.a != best.a ? best.a : Activate(best.a, picture.slope));
        Store(greatest + c, best.x);
      }
      output += picture.channels;
      greatest += picture.channels;
    }
  }
}

// sums[c] += sum of g, products[c] += sum of g (x - mean), g the gradient of a: over the inputs x that were let through
// (all, or the greatest of each window) and the gradients of what they gave.
inline void NormBackwardSums(const float* input, const float* given, int64_t pixels, const NormPicture& picture,
                             const float* mean, double* sums, double* products) {
  const int64_t channels = picture.channels;
  for (int64_t first = 0; first < pixels; first += kPixelsOfASum) {
    const int64_t last = first + kPixelsOfASum < pixels ? first + kPixelsOfASum : pixels;
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Lanes scale = Load(picture.scale + c), shift = Load(picture.shift + c), middle = Load(mean + c);
      Lanes sum = {}, product = {};
      for (int64_t p = first; p < last; ++p) {
        const Lanes x = Load(input + p * channels + c), a = x * scale + shift;
        Lanes g = Load(given + p * channels + c);
        g = a > Lanes{} ? g : g * picture.slope;
        sum += g;
        product += g * (x - middle);
      }
      for (int64_t i = 0; i < kLanes; ++i) {
        sums[c + i] += static_cast<double>(sum[i]);
        products[c + i] += static_cast<double>(product[i]);
      }
    }
  }
}

TINT_INLINE void StoreGradient(const float* x, const Lanes& g, int64_t c, const Lanes& scale,
                               const NormBackward& backward, float* gradient) {
  Store(gradient + c,
        scale * g - Load(backward.offset + c) - Load(backward.tilt + c) * (Load(x + c) - Load(backward.mean + c)));
}

inline void NormBackwardPass(const NormPicture& picture, const NormBackward& backward, const float* given,
                             float* gradient) {
  const int64_t channels = picture.channels;
  for (int64_t p = 0; p < picture.height * picture.width; ++p) {
    const float* x = picture.input + p * channels;
    for (int64_t c = 0; c < channels; c += kLanes) {
      const Lanes scale = Load(picture.scale + c), a = Load(x + c) * scale + Load(picture.shift + c);
      const Lanes g = Load(given + p * channels + c);
      StoreGradient(x, a > Lanes{} ? g : g * picture.slope, c, scale, backward, gradient + p * channels);
    }
  }
}

// Pixels outside whole windows: nothing of them left.
TINT_INLINE void NormBackwardOutside(const NormPicture& picture, const NormBackward& backward, int64_t pixel,
                                     float* gradient) {
  const int64_t offset = pixel * picture.channels;
  for (int64_t c = 0; c < picture.channels; c += kLanes)
    StoreGradient(picture.input + offset, Lanes{}, c, Load(picture.scale + c), backward, gradient + offset);
}

inline void NormPoolBackwardPass(const NormPicture& picture, const NormBackward& backward, const float* given,
                                 float* gradient) {
  const float* pixels[4];
  const int64_t rows = picture.height / 2, columns = picture.width / 2;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = 0; column < columns; ++column) {
      WindowPixels(picture, row, column, pixels);
      for (int64_t c = 0; c < picture.channels; c += kLanes) {
        const Lanes scale = Load(picture.scale + c);
        Greatest best;
        FindGreatest(pixels, c, scale, Load(picture.shift + c), &best);
        Lanes g = Load(given + (row * columns + column) * picture.channels + c);
        g = best.a > Lanes{} ? g : g * picture.slope;
        TINT_UNROLL
        for (int k = 0; k < 4; ++k) {
          const IntLanes chosen = best.which == IntLanes{} + k;
          StoreGradient(pixels[k], chosen ? g : Lanes{}, c, scale, backward, gradient + (pixels[k] - picture.input));
        }
      }
    }
    if (picture.width % 2 == 1) {
      NormBackwardOutside(picture, backward, (2 * row + 1) * picture.width - 1, gradient);
      NormBackwardOutside(picture, backward, (2 * row + 2) * picture.width - 1, gradient);
    }
  }
  if (picture.height % 2 == 1) {
    for (int64_t column = 0; column < picture.width; ++column)
      NormBackwardOutside(picture, backward, (picture.height - 1) * picture.width + column, gradient);
  }
}

}  // namespace
}  // namespace tint

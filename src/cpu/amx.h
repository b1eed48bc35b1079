// The passes of convolve_bfloat16.h and first_layer_bfloat16.h on a processor's tiles (Intel AMX). Images and filters
// are plain memory here; bfloat16 numbers are their 16 bits.
#pragma once

#include <cstdint>

#include "conv_norm_pool_rows.h"

namespace tint {

// An image [height, width, channels] and the `filters` of 3x3 that pass over it; channels and filters are multiples of
// kDepth. It is laid with a border of one pixel, and its pixels are numbered along the rows of `across` that this
// gives: what a filter's weight (u, v) meets at position p is then position p + u across + v, whatever the row.
// Positions at the end of a row that no filter stands on are computed, and left out.
struct Bfloat16Shape {
  static constexpr int64_t kDepth = 32;  // numbers of a tile's row

  int64_t height, width, channels, filters;

  int64_t across() const { return width + 2; }
  // Where filters stand, rounded up to whole tiles.
  int64_t positions() const { return (height * across() + kDepth - 1) / kDepth * kDepth; }
  // Of the image with its border, and what the last tiles read beyond it.
  int64_t laid() const { return positions() + 2 * across() + kDepth; }
};

// Two rows of a first layer's images and their windows: numbers (u, v, c), then two ones, for a bias in two parts.
struct WindowRows {
  static constexpr int64_t kDepth = 32;  // numbers of a window, the last ones 0

  int64_t width, channels, filters;

  int64_t across() const { return width + 2; }
  // Windows of both rows, rounded up to whole tiles.
  int64_t windows() const { return (2 * width + 15) / 16 * 16; }
  // A row's places in what is summed over: an even number.
  int64_t even_width() const { return (width + 1) / 2 * 2; }
};

struct AmxKernels {
  // To be called by each thread around its passes.
  void (*begin)();
  void (*end)();
  // image float32 -> laid [laid(), channels]; what lies outside the image must be 0 before, and stays.
  void (*lay)(const Bfloat16Shape& shape, const float* image, uint16_t* laid);
  // laid, and filters as convolve_bfloat16.cc packs them -> output float32 [height, width, filters]; bias or null.
  void (*convolve)(const Bfloat16Shape& shape, const uint16_t* laid, const uint16_t* filters, const float* bias,
                   float* output);
  // image -> by channel, [channels, laid()], with the zeros as above.
  void (*lay_by_channel)(const Bfloat16Shape& shape, const float* image, uint16_t* laid);
  // The output's gradient [height, width, filters] -> pairs of positions, [positions() / 2, filters, 2], zeros as
  // above.
  void (*lay_pairs)(const Bfloat16Shape& shape, const float* given, uint16_t* pairs);
  // sums float32 [9, channels, filters] += over positions p: image[c, p + u across + v] given[p, k].
  void (*add_products)(const Bfloat16Shape& shape, const uint16_t* by_channel, const uint16_t* pairs, float* sums);

  // Two rows of laid pixels [.., across(), channels], with the border, and the two after them -> windows [windows(),
  // kDepth]. Those past the second row, and numbers past the ones, stay as they are.
  void (*im2col)(const WindowRows& rows, const uint16_t* laid, uint16_t* windows);
  // windows, and filters [filters / 16, 16 pairs, 16, 2] -> values float32 [windows(), filters].
  void (*multiply_windows)(const WindowRows& rows, const uint16_t* windows, const uint16_t* filters, float* values);
  // As MaxUnpoolRows (convolve_norm_pool_passes.h), but to pairs of places, [2, even_width() / 2, channels, 2].
  void (*spread_pairs)(const RowPair& rows, const float* given, const uint8_t* argmax, uint16_t* pairs);
  // sums float32 [kDepth, filters] += by_number [kDepth, places] times pairs [places / 2, filters, 2]; places: a
  // multiple of 32.
  void (*add_window_products)(int64_t places, int64_t filters, const uint16_t* by_number, const uint16_t* pairs,
                              float* sums);
};

// Each puts its passes in their places.
void UseAmxConvolutions(AmxKernels* kernels);
void UseAmxFirstLayers(AmxKernels* kernels);

// Null where the processor or the system has no such tiles.
const AmxKernels* ActiveAmxKernels();

}  // namespace tint

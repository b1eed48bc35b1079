// SPDX-License-Identifier: Apache-2.0
// The passes of conv_bf16.h and conv_stem_bf16.h on tiles (Intel AMX). Images and filters are plain memory here;
// bfloat16 numbers are their 16 bits.
#pragma once

#include <cstdint>

#include "conv_norm_pool_rows.h"

namespace tint {

// An image [height, width, channels] and the `filters` of 3x3 that are applied to it; channels and filters are
// multiples of kDepth. It is packed with a border of one pixel, and its pixels are numbered along the rows of
// row_stride() pixels that result: at position p a filter's weight (u, v) meets position p + u row_stride() + v,
// whatever the row. Positions at the end of a row where no filter is centred are computed and discarded.
struct Bfloat16Shape {
  static constexpr int64_t kDepth = 32;  // numbers of a tile's row

  int64_t height, width, channels, filters;

  int64_t row_stride() const { return width + 2; }
  // Those of the outputs, rounded up to whole tiles.
  int64_t positions() const { return (height * row_stride() + kDepth - 1) / kDepth * kDepth; }
  // Pixels of the image with its border, and what the last tiles read beyond it.
  int64_t packed_size() const { return positions() + 2 * row_stride() + kDepth; }
};

// Two rows of a stem's images and their windows: numbers (u, v, c), then two ones, for a bias in two parts.
struct WindowRows {
  static constexpr int64_t kDepth = 32;  // numbers of a window, the last ones 0

  int64_t width, channels, filters;

  int64_t row_stride() const { return width + 2; }
  // Windows of both rows, rounded up to whole tiles.
  int64_t windows() const { return (2 * width + 15) / 16 * 16; }
  // A row's positions in what is summed over: an even number.
  int64_t even_width() const { return (width + 1) / 2 * 2; }
};

struct AmxKernels {
  // To be called by each thread around its passes.
  void (*begin)();
  void (*end)();
  // image float32 -> packed [packed_size(), channels]; positions outside the image must be 0 before, and stay so.
  void (*pack)(const Bfloat16Shape& shape, const float* image, uint16_t* packed);
  // packed, and filters as conv_bf16.cc packs them -> output float32 [height, width, filters]; bias or null.
  void (*convolve)(const Bfloat16Shape& shape, const uint16_t* packed, const uint16_t* filters, const float* bias,
                   float* output);
  // image -> transposed, [channels, packed_size()], with the zeros as above.
  void (*pack_transposed)(const Bfloat16Shape& shape, const float* image, uint16_t* packed);
  // The output's gradient [height, width, filters] -> pairs of positions, [positions() / 2, filters, 2], zeros as
  // above.
  void (*pack_pairs)(const Bfloat16Shape& shape, const float* given, uint16_t* pairs);
  // sums float32 [9, channels, filters] += over positions p: image[c, p + u row_stride() + v] given[p, k].
  void (*add_products)(const Bfloat16Shape& shape, const uint16_t* by_channel, const uint16_t* pairs, float* sums);

  // Two rows of packed pixels [.., row_stride(), channels], with the border, and the two after them -> windows
  // [windows(), kDepth]. Those past the second row, and numbers past the ones, stay as they are.
  void (*im2col)(const WindowRows& rows, const uint16_t* packed, uint16_t* windows);
  // windows, and filters [filters / 16, 16 pairs, 16, 2] -> values float32 [windows(), filters].
  void (*multiply_windows)(const WindowRows& rows, const uint16_t* windows, const uint16_t* filters, float* values);
  // As MaxUnpoolRows (conv_norm_pool_passes.h), but to pairs of positions, [2, even_width() / 2, channels, 2].
  void (*max_unpool_pairs)(const RowPair& rows, const float* given, const uint8_t* argmax, uint16_t* pairs);
  // sums float32 [kDepth, filters] += columns [kDepth, positions] times pairs [positions / 2, filters, 2]; positions: a
  // multiple of 32.
  void (*add_window_products)(int64_t positions, int64_t filters, const uint16_t* columns, const uint16_t* pairs,
                              float* sums);
};

// Each sets its passes.
void UseAmxConv3x3(AmxKernels* kernels);
void UseAmxConvStem(AmxKernels* kernels);

// Null without HasAmx() (cpu_isa.h).
const AmxKernels* ActiveAmxKernels();

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

// For sources that are compiled for tiles (amx.cc, amx_conv_stem.cc).

#include <immintrin.h>

#include <cstdint>

namespace tint {
namespace {

// sums [32, 32] += a [32, depth] b [depth, 32]: float32, bfloat16, and bfloat16 in pairs of rows, [depth / 2, 32, 2].
// The strides of rows (of pairs of rows of b) are in numbers; depth is a multiple of 32.
struct SumOfTiles {
  float* sums;
  int64_t sums_row;
  const uint16_t* a;
  int64_t a_row;
  const uint16_t* b;
  int64_t b_row, depth;
};

inline void AddToTiles(const SumOfTiles& of) {
  constexpr int64_t kSide = 16, kDepth = 32;
  const auto sums_row = static_cast<int64_t>(of.sums_row * sizeof(float));
  const auto a_row = static_cast<int64_t>(of.a_row * sizeof(uint16_t));
  const auto b_row = static_cast<int64_t>(of.b_row * sizeof(uint16_t));
  float* below = of.sums + kSide * of.sums_row;
  _tile_loadd(0, of.sums, sums_row);
  _tile_loadd(1, of.sums + kSide, sums_row);
  _tile_loadd(2, below, sums_row);
  _tile_loadd(3, below + kSide, sums_row);
  const uint16_t *a = of.a, *b = of.b;
  for (int64_t k = 0; k < of.depth; k += kDepth, a += kDepth, b += kSide * of.b_row) {
    _tile_loadd(4, a, a_row);
    _tile_loadd(5, a + kSide * of.a_row, a_row);
    _tile_loadd(6, b, b_row);
    _tile_loadd(7, b + 2 * kSide, b_row);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, of.sums, sums_row);
  _tile_stored(1, of.sums + kSide, sums_row);
  _tile_stored(2, below, sums_row);
  _tile_stored(3, below + kSide, sums_row);
}

}  // namespace
}  // namespace tint

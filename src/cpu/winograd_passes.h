// SPDX-License-Identifier: Apache-2.0
#pragma once

// F(4x4, 3x3) with the points 0, 1, -1, 2, -2 and infinity: Lavin & Gray 2016, arXiv 1509.09308. With g a filter, d a
// window of 6x6 pixels around a tile and y the tile, y = A^T [(G g G^T) * (B^T d B)] A, products by elements:
//
//         4  0 -5  0  1  0           1  1  1  1  1  0
//         0 -4 -4  1  1  0    A^T =  0  1 -1  2 -2  0
//   B^T = 0  4 -4 -1  1  0           0  1  1  4  4  0
//         0 -2 -1  2  1  0           0  1 -1  8 -8  1
//         0  2 -1 -2  1  0
//         0  4  0 -5  0  1           G: conv3x3.cc

#include "vec.h"
#include "winograd_tiles.h"

namespace tint {
namespace {

// B^T d for one column or row of a window.
TINT_INLINE void InputLine(const Vec* d, int64_t step, Vec* to, int64_t to_step) {
  const Vec d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
  const Vec a = d4 - 4.0F * d2, b = d3 - 4.0F * d1, e = d4 - d2, f = 2.0F * (d3 - d1);
  to[0] = 4.0F * d0 - 5.0F * d2 + d4;
  to[to_step] = a + b;
  to[2 * to_step] = a - b;
  to[3 * to_step] = e + f;
  to[4 * to_step] = e - f;
  to[5 * to_step] = 4.0F * d1 - 5.0F * d3 + d5;
}

// A^T m.
TINT_INLINE void OutputLine(const Vec* m, int64_t step, Vec* to, int64_t to_step) {
  const Vec s = m[step] + m[2 * step], t = m[step] - m[2 * step];
  const Vec u = m[3 * step] + m[4 * step], v = m[3 * step] - m[4 * step];
  to[0] = m[0] + s + u;
  to[to_step] = t + 2.0F * v;
  to[2 * to_step] = s + 4.0F * u;
  to[3 * to_step] = t + 8.0F * v + m[5 * step];
}

// A y.
TINT_INLINE void GradientLine(const Vec* y, int64_t step, Vec* to, int64_t to_step) {
  const Vec y0 = y[0], y1 = y[step], y2 = y[2 * step], y3 = y[3 * step];
  const Vec p = y0 + y2, q = y1 + y3, r = y0 + 4.0F * y2, w = 2.0F * y1 + 8.0F * y3;
  to[0] = y0;
  to[to_step] = p + q;
  to[2 * to_step] = p - q;
  to[3 * to_step] = r + w;
  to[4 * to_step] = r - w;
  to[5 * to_step] = y3;
}

struct Corner {
  int64_t image, top, left;
};

TINT_INLINE Corner CornerOf(const WinogradTiles& tiles, int64_t tile) {
  const int64_t place = tile % tiles.per_image();
  return {tile / tiles.per_image(), place / tiles.columns * kTile, place % tiles.columns * kTile};
}

// The pixels of a square of `side` whose corner is `before` pixels above and left of the tile; `zeros` [channels]
// replaces those outside.
TINT_INLINE void SquareOf(const float* images, const WinogradTiles& tiles, int64_t tile, int64_t before, int64_t side,
                          const float* zeros, const float** pixels) {
  const Corner corner = CornerOf(tiles, tile);
  const float* first = images + corner.image * tiles.height * tiles.width * tiles.channels;
  for (int64_t i = 0; i < side; ++i) {
    for (int64_t j = 0; j < side; ++j) {
      const int64_t y = corner.top - before + i, x = corner.left - before + j;
      const bool inside = y >= 0 && y < tiles.height && x >= 0 && x < tiles.width;
      pixels[i * side + j] = inside ? first + (y * tiles.width + x) * tiles.channels : zeros;
    }
  }
}

// B^T d B of each tile's window: what a convolution with padding 1 reads.
inline void WinogradInput(const float* images, const WinogradTiles& tiles, const WinogradBlock& block,
                          const float* zeros, float* to) {
  const int64_t channels = tiles.channels, point = block.capacity * channels;
  for (int64_t t = 0; t < block.count; ++t, to += channels) {
    const float* pixels[kPoints];
    SquareOf(images, tiles, block.first + t, 1, kWindow, zeros, pixels);
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      Vec window[kPoints], half[kPoints];
      for (int64_t k = 0; k < kPoints; ++k) window[k] = Load(pixels[k] + c);
      TINT_UNROLL
      for (int64_t j = 0; j < kWindow; ++j) InputLine(window + j, kWindow, half + j, kWindow);
      TINT_UNROLL
      for (int64_t i = 0; i < kWindow; ++i) InputLine(half + i * kWindow, 1, window + i * kWindow, 1);
      for (int64_t k = 0; k < kPoints; ++k) Store(to + k * point + c, window[k]);
    }
  }
}

// A^T m A of each tile, and the bias (or null), where the tile is inside its image.
inline void WinogradOutput(const float* from, const WinogradTiles& tiles, const WinogradBlock& block, const float* bias,
                           float* images) {
  const int64_t channels = tiles.channels, point = block.capacity * channels;
  for (int64_t t = 0; t < block.count; ++t, from += channels) {
    const auto [image, top, left] = CornerOf(tiles, block.first + t);
    const int64_t high = tiles.height - top < kTile ? tiles.height - top : kTile;
    const int64_t wide = tiles.width - left < kTile ? tiles.width - left : kTile;
    float* first = images + ((image * tiles.height + top) * tiles.width + left) * channels;
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      Vec all[kPoints], half[kTile * kWindow], out[kTile * kTile];
      for (int64_t k = 0; k < kPoints; ++k) all[k] = Load(from + k * point + c);
      TINT_UNROLL
      for (int64_t j = 0; j < kWindow; ++j) OutputLine(all + j, kWindow, half + j, kWindow);
      TINT_UNROLL
      for (int64_t i = 0; i < kTile; ++i) OutputLine(half + i * kWindow, 1, out + i * kTile, 1);
      const Vec shift = bias != nullptr ? Load(bias + c) : Vec{};
      for (int64_t i = 0; i < high; ++i) {
        for (int64_t j = 0; j < wide; ++j)
          Store(first + (i * tiles.width + j) * channels + c, out[i * kTile + j] + shift);
      }
    }
  }
}

// A y A^T of each tile: the gradient of the products from that of the output.
inline void WinogradGradient(const float* images, const WinogradTiles& tiles, const WinogradBlock& block,
                             const float* zeros, float* to) {
  const int64_t channels = tiles.channels, point = block.capacity * channels;
  for (int64_t t = 0; t < block.count; ++t, to += channels) {
    const float* pixels[kTile * kTile];
    SquareOf(images, tiles, block.first + t, 0, kTile, zeros, pixels);
    for (int64_t c = 0; c < channels; c += kVecWidth) {
      Vec tile[kTile * kTile], half[kWindow * kTile], all[kPoints];
      for (int64_t k = 0; k < kTile * kTile; ++k) tile[k] = Load(pixels[k] + c);
      TINT_UNROLL
      for (int64_t j = 0; j < kTile; ++j) GradientLine(tile + j, kTile, half + j, kTile);
      TINT_UNROLL
      for (int64_t i = 0; i < kWindow; ++i) GradientLine(half + i * kTile, 1, all + i * kWindow, 1);
      for (int64_t k = 0; k < kPoints; ++k) Store(to + k * point + c, all[k]);
    }
  }
}

}  // namespace
}  // namespace tint

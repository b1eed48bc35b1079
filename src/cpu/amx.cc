// SPDX-License-Identifier: Apache-2.0
#include "amx.h"

#include <immintrin.h>

#include "amx_sums.h"

#ifndef __clang__
// GCC 12 warns about its own intrinsics' undefined values.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace tint {
namespace {

constexpr int64_t kDepth = Bfloat16Shape::kDepth, kSide = 16;
constexpr int64_t kTileNumbers = kSide * kDepth;  // bfloat16 numbers of a tile
constexpr int64_t kTaps = 9;

// Eight tiles of 16 rows of 64 bytes: 0 to 3 are sums, 4 to 7 factors. It is in memory that is written once: GCC 12
// does not know that the instruction reads all 64 bytes, and would leave out writes to a local one.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {kSide, kSide, kSide, kSide, kSide, kSide, kSide, kSide};
};
const TileConfiguration kTiles = {};

void Begin() { _tile_loadconfig(&kTiles); }

void End() { _tile_release(); }

// Sixteen numbers, rounded to the nearest, to even between two.
inline __m256i Rounded(__m512 numbers) { return (__m256i)_mm512_cvtneps_pbh(numbers); }

void Pack(const Bfloat16Shape& shape, const float* image, uint16_t* packed) {
  const int64_t line = shape.width * shape.channels;
  for (int64_t y = 0; y < shape.height; ++y) {
    uint16_t* to = packed + ((y + 1) * shape.row_stride() + 1) * shape.channels;
    for (int64_t i = 0; i < line; i += kSide) {
      const auto inside = static_cast<__mmask16>((1U << (line - i < kSide ? line - i : kSide)) - 1);
      _mm256_mask_storeu_epi16(to + i, inside, Rounded(_mm512_maskz_loadu_ps(inside, image + y * line + i)));
    }
  }
}

// From sums [32 positions, 32 filters] to the pixels of these positions, which start at `first`.
void StorePixels(const Bfloat16Shape& shape, const float* sums, int64_t first, const float* bias, float* output) {
  const __m512 left = bias != nullptr ? _mm512_loadu_ps(bias) : _mm512_setzero_ps();
  const __m512 right = bias != nullptr ? _mm512_loadu_ps(bias + kSide) : _mm512_setzero_ps();
  int64_t y = first / shape.row_stride(), x = first % shape.row_stride();
  for (int64_t i = 0; i < kDepth && y < shape.height; ++i) {
    if (x < shape.width) {
      float* to = output + (y * shape.width + x) * shape.filters;
      _mm512_storeu_ps(to, _mm512_loadu_ps(sums + i * kDepth) + left);
      _mm512_storeu_ps(to + kSide, _mm512_loadu_ps(sums + i * kDepth + kSide) + right);
    }
    if (++x == shape.row_stride()) {
      x = 0;
      ++y;
    }
  }
}

// 32 filters at a time, whose weights stay in the first cache, over 32 positions at a time.
void Convolve(const Bfloat16Shape& shape, const uint16_t* packed, const uint16_t* filters, const float* bias,
              float* output) {
  const int64_t steps = shape.channels / kDepth;
  const auto row = static_cast<int64_t>(shape.channels * sizeof(uint16_t));
  alignas(64) float sums[kDepth * kDepth];
  for (int64_t k = 0; k < shape.filters; k += kDepth) {
    const uint16_t* own = filters + k / kDepth * kTaps * steps * 2 * kTileNumbers;
    for (int64_t p = 0; p < shape.positions(); p += kDepth) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
      const uint16_t* weights = own;
      for (int64_t tap = 0; tap < kTaps; ++tap) {
        const uint16_t* pixels = packed + (p + tap / 3 * shape.row_stride() + tap % 3) * shape.channels;
        for (int64_t s = 0; s < steps; ++s, pixels += kDepth, weights += 2 * kTileNumbers) {
          _tile_loadd(4, pixels, row);
          _tile_loadd(5, pixels + kSide * shape.channels, row);
          _tile_loadd(6, weights, 64);
          _tile_loadd(7, weights + kTileNumbers, 64);
          _tile_dpbf16ps(0, 4, 6);
          _tile_dpbf16ps(1, 4, 7);
          _tile_dpbf16ps(2, 5, 6);
          _tile_dpbf16ps(3, 5, 7);
        }
      }
      constexpr int64_t kSumsRow = kDepth * sizeof(float);
      _tile_stored(0, sums, kSumsRow);
      _tile_stored(1, sums + kSide, kSumsRow);
      _tile_stored(2, sums + kSide * kDepth, kSumsRow);
      _tile_stored(3, sums + kSide * kDepth + kSide, kSumsRow);
      StorePixels(shape, sums, p, bias != nullptr ? bias + k : nullptr, output + k);
    }
  }
}

// rows[i][j] becomes rows[j][i].
inline void Transpose(__m512 rows[kSide]) {
  __m512 pairs[kSide], fours[kSide];
  for (int i = 0; i < kSide; i += 2) {
    pairs[i] = _mm512_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm512_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < kSide; i += 4) {
    for (int h = 0; h < 2; ++h) {
      const __m512d low = _mm512_castps_pd(pairs[i + h]), high = _mm512_castps_pd(pairs[i + 2 + h]);
      fours[i + 2 * h] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      fours[i + 2 * h + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  }
  // fours[4 g + j] holds, in its quarter q, column 4 q + j of rows 4 g to 4 g + 3.
  for (int j = 0; j < 4; ++j) {
    const __m512 a = _mm512_shuffle_f32x4(fours[j], fours[4 + j], 0x44),
                 b = _mm512_shuffle_f32x4(fours[j], fours[4 + j], 0xee);
    const __m512 c = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], 0x44),
                 d = _mm512_shuffle_f32x4(fours[8 + j], fours[12 + j], 0xee);
    rows[j] = _mm512_shuffle_f32x4(a, c, 0x88);
    rows[4 + j] = _mm512_shuffle_f32x4(a, c, 0xdd);
    rows[8 + j] = _mm512_shuffle_f32x4(b, d, 0x88);
    rows[12 + j] = _mm512_shuffle_f32x4(b, d, 0xdd);
  }
}

void PackTransposed(const Bfloat16Shape& shape, const float* image, uint16_t* packed) {
  for (int64_t y = 0; y < shape.height; ++y) {
    for (int64_t x = 0; x < shape.width; x += kSide) {
      const int64_t wide = shape.width - x < kSide ? shape.width - x : kSide;
      const auto inside = static_cast<__mmask16>((1U << wide) - 1);
      const float* from = image + (y * shape.width + x) * shape.channels;
      uint16_t* to = packed + (y + 1) * shape.row_stride() + x + 1;
      for (int64_t c = 0; c < shape.channels; c += kSide) {
        __m512 rows[kSide];
        for (int64_t i = 0; i < kSide; ++i)
          rows[i] = i < wide ? _mm512_loadu_ps(from + i * shape.channels + c) : _mm512_setzero_ps();
        Transpose(rows);
        for (int64_t i = 0; i < kSide; ++i)
          _mm256_mask_storeu_epi16(to + (c + i) * shape.packed_size(), inside, Rounded(rows[i]));
      }
    }
  }
}

// Of sixteen filters at two positions; null: a position without a pixel.
inline __m512i Pair(const float* first, const float* second) {
  const __m512 none = _mm512_setzero_ps();
  const __m256i low = Rounded(first != nullptr ? _mm512_loadu_ps(first) : none);
  const __m256i high = Rounded(second != nullptr ? _mm512_loadu_ps(second) : none);
  return _mm512_or_si512(_mm512_cvtepu16_epi32(low), _mm512_slli_epi32(_mm512_cvtepu16_epi32(high), 16));
}

void PackPairs(const Bfloat16Shape& shape, const float* given, uint16_t* pairs) {
  int64_t y = 0, x = 0;
  const auto next = [&]() -> const float* {
    const float* pixel = x < shape.width && y < shape.height ? given + (y * shape.width + x) * shape.filters : nullptr;
    if (++x == shape.row_stride()) {
      x = 0;
      ++y;
    }
    return pixel;
  };
  for (int64_t p = 0; p < shape.positions(); p += 2) {
    const float* first = next();
    const float* second = next();
    for (int64_t k = 0; k < shape.filters; k += kSide, pairs += 2 * kSide)
      _mm512_storeu_si512(pairs,
                          Pair(first != nullptr ? first + k : nullptr, second != nullptr ? second + k : nullptr));
  }
}

void AddProducts(const Bfloat16Shape& shape, const uint16_t* by_channel, const uint16_t* pairs, float* sums) {
  for (int64_t k = 0; k < shape.filters; k += kDepth) {
    for (int64_t tap = 0; tap < kTaps; ++tap) {
      for (int64_t c = 0; c < shape.channels; c += kDepth) {
        const uint16_t* pixels = by_channel + c * shape.packed_size() + tap / 3 * shape.row_stride() + tap % 3;
        AddToTiles({sums + (tap * shape.channels + c) * shape.filters + k, shape.filters, pixels, shape.packed_size(),
                    pairs + 2 * k, 2 * shape.filters, shape.positions()});
      }
    }
  }
}

}  // namespace

void UseAmxConv3x3(AmxKernels* kernels) {
  kernels->begin = Begin;
  kernels->end = End;
  kernels->pack = Pack;
  kernels->convolve = Convolve;
  kernels->pack_transposed = PackTransposed;
  kernels->pack_pairs = PackPairs;
  kernels->add_products = AddProducts;
}

}  // namespace tint

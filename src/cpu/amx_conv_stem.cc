// SPDX-License-Identifier: Apache-2.0
#include <immintrin.h>

#include <cstring>

#include "amx.h"
#include "amx_sums.h"

#ifndef __clang__
// GCC 12 warns about its own intrinsics' undefined values.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace tint {
namespace {

constexpr int64_t kDepth = WindowRows::kDepth, kSide = 16;
constexpr int64_t kTileNumbers = kSide * kDepth;

// Each window is three runs of 3 C numbers, C at most 3. A run is stored as sixteen numbers, of which the next run
// overwrites what is too much; the last one is followed by the two ones and zeros.
void Im2Col(const WindowRows& rows, const uint16_t* packed, uint16_t* windows) {
  const int64_t run = 3 * rows.channels, line = rows.row_stride() * rows.channels;
  const auto whole = static_cast<__mmask16>((1U << run) - 1);
  constexpr int16_t kOne = 0x3F80;
  const __m256i ones = _mm256_maskz_set1_epi16(static_cast<__mmask16>(3U << run), kOne);
  const auto rest = static_cast<__mmask16>((1U << (kDepth - 2 * run < kSide ? kDepth - 2 * run : kSide)) - 1);
  for (int64_t row = 0; row < 2; ++row) {
    for (int64_t x = 0; x < rows.width; ++x, windows += kDepth) {
      const uint16_t* from = packed + row * line + x * rows.channels;
      const auto load = [&](int64_t u) { return _mm256_maskz_loadu_epi16(whole, from + u * line); };
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(windows), load(0));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(windows + run), load(1));
      _mm256_mask_storeu_epi16(windows + 2 * run, rest, _mm256_or_si256(load(2), ones));
    }
  }
}

void MultiplyWindows(const WindowRows& rows, const uint16_t* windows, const uint16_t* filters, float* values) {
  const auto row = static_cast<int64_t>(rows.filters * sizeof(float));
  for (int64_t w = 0; w < rows.windows(); w += kSide) {
    _tile_loadd(4, windows + w * kDepth, 64);
    for (int64_t k = 0; k < rows.filters; k += 2 * kSide) {
      _tile_zero(0);
      _tile_zero(1);
      _tile_loadd(5, filters + k / kSide * kTileNumbers, 64);
      _tile_loadd(6, filters + (k / kSide + 1) * kTileNumbers, 64);
      _tile_dpbf16ps(0, 4, 5);
      _tile_dpbf16ps(1, 4, 6);
      _tile_stored(0, values + w * rows.filters + k, row);
      _tile_stored(1, values + w * rows.filters + k + kSide, row);
    }
  }
}

constexpr int kPositive = 4;  // conv_norm_pool_passes.h

// Bits where `which` is `first`, or sixteen bits further where it is the one after.
inline __m512i PlacedIn(__m512i which, int first, __m512i bits) {
  const __m512i left = _mm512_maskz_mov_epi32(_mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(first)), bits);
  return _mm512_mask_slli_epi32(left, _mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(first + 1)), bits, 16);
}

void MaxUnpoolPairs(const RowPair& rows, const float* given, const uint8_t* argmax, uint16_t* pairs) {
  const int64_t columns = rows.width / 2, all = (rows.width + 1) / 2;
  uint16_t* below = pairs + 2 * all * rows.channels;
  for (int64_t i = 0; i < columns * rows.channels; i += kSide) {
    const __m512i choice = _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(argmax + i)));
    const __m512 g = _mm512_loadu_ps(given + i);
    const __mmask16 positive = _mm512_cmpge_epi32_mask(choice, _mm512_set1_epi32(kPositive));
    const __m512 gradient = _mm512_mask_mul_ps(g, static_cast<__mmask16>(~positive), g, _mm512_set1_ps(rows.slope));
    const __m512i bits = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(gradient));
    const __m512i which = _mm512_and_si512(choice, _mm512_set1_epi32(kPositive - 1));
    _mm512_storeu_si512(pairs + 2 * i, PlacedIn(which, 0, bits));
    _mm512_storeu_si512(below + 2 * i, PlacedIn(which, 2, bits));
  }
  // A last column without a partner.
  const auto rest = static_cast<size_t>(2 * (all - columns) * rows.channels) * sizeof(uint16_t);
  std::memset(pairs + 2 * columns * rows.channels, 0, rest);
  std::memset(below + 2 * columns * rows.channels, 0, rest);
}

void AddWindowProducts(int64_t positions, int64_t filters, const uint16_t* columns, const uint16_t* pairs,
                       float* sums) {
  for (int64_t k = 0; k < filters; k += 2 * kSide)
    AddToTiles({sums + k, filters, columns, positions, pairs + 2 * k, 2 * filters, positions});
}

}  // namespace

void UseAmxConvStem(AmxKernels* kernels) {
  kernels->im2col = Im2Col;
  kernels->multiply_windows = MultiplyWindows;
  kernels->max_unpool_pairs = MaxUnpoolPairs;
  kernels->add_window_products = AddWindowProducts;
}

}  // namespace tint

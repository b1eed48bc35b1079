// SPDX-License-Identifier: Apache-2.0
#pragma once

// Products of small matrices that are in a core's cache. The terms of a sum are added in one order, whatever the
// sizes: the same rows give the same bits.

#include "vec.h"
#include "winograd_tiles.h"

namespace tint {
namespace {

// A tile of c is so many rows of so many panels: two registers a row, and as many rows as leave room for their factors,
// of sixteen registers of eight floats or thirty-two of sixteen.
constexpr int64_t kTileRows = kVecWidth == 16 ? 12 : 6;
constexpr int64_t kTilePanels = 2 * kVecWidth / kPanel;

// kRows rows of kPanels panels.
template <int64_t kRows, int64_t kPanels>
TINT_INLINE void MultiplyTile(const MatrixProduct& p, const float* a, const float* b, float* c) {
  constexpr int64_t kOfAPanel = kPanel / kVecWidth, kColumns = kPanels * kOfAPanel;
  Vec sums[kRows][kColumns];
  TINT_UNROLL
  for (int64_t i = 0; i < kRows; ++i) {
    TINT_UNROLL
    for (int64_t j = 0; j < kColumns; ++j) sums[i][j] = p.adds ? Load(c + i * p.width + j * kVecWidth) : Vec{};
  }
  // A pointer for three rows: addresses are computed by the loads, and the pointers stay in registers.
  constexpr int64_t kGroups = (kRows + 2) / 3;
  const float* groups[kGroups];
  TINT_UNROLL
  for (int64_t g = 0; g < kGroups; ++g) groups[g] = a + 3 * g * p.a_row;
  for (int64_t k = 0; k < p.depth; ++k, b += p.b_step) {
    Vec columns[kColumns];
    TINT_UNROLL
    for (int64_t j = 0; j < kColumns; ++j) columns[j] = Load(b + j / kOfAPanel * p.b_panel + j % kOfAPanel * kVecWidth);
    TINT_UNROLL
    for (int64_t i = 0; i < kRows; ++i) {
      const float factor = groups[i / 3][i % 3 * p.a_row];
      TINT_UNROLL
      for (int64_t j = 0; j < kColumns; ++j) sums[i][j] += factor * columns[j];
    }
    TINT_UNROLL
    for (int64_t g = 0; g < kGroups; ++g) groups[g] += p.a_step;
  }
  TINT_UNROLL
  for (int64_t i = 0; i < kRows; ++i) {
    TINT_UNROLL
    for (int64_t j = 0; j < kColumns; ++j) Store(c + i * p.width + j * kVecWidth, sums[i][j]);
  }
}

// The last rows, fewer than kTileRows.
template <int64_t kRows, int64_t kPanels>
TINT_INLINE void MultiplyRest(int64_t rows, const MatrixProduct& p, const float* a, const float* b, float* c) {
  if (rows == kRows) {
    MultiplyTile<kRows, kPanels>(p, a, b, c);
  } else if constexpr (kRows > 1) {
    MultiplyRest<kRows - 1, kPanels>(rows, p, a, b, c);
  }
}

template <int64_t kPanels>
TINT_INLINE void MultiplyPanels(const MatrixProduct& p, const float* a, const float* b, float* c) {
  int64_t i = 0;
  for (; i + kTileRows <= p.rows; i += kTileRows)
    MultiplyTile<kTileRows, kPanels>(p, a + i * p.a_row, b, c + i * p.width);
  MultiplyRest<kTileRows - 1, kPanels>(p.rows - i, p, a + i * p.a_row, b, c + i * p.width);
}

inline void Multiply(const MatrixProduct& p, const float* a, const float* b, float* c) {
  const int64_t panels = p.width / kPanel;
  int64_t j = 0;
  for (; j + kTilePanels <= panels; j += kTilePanels)
    MultiplyPanels<kTilePanels>(p, a, b + j * p.b_panel, c + j * kPanel);
  if constexpr (kTilePanels > 1) {
    for (; j < panels; ++j) MultiplyPanels<1>(p, a, b + j * p.b_panel, c + j * kPanel);
  }
}

}  // namespace
}  // namespace tint

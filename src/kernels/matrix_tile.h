#pragma once

// Products of small matrices whose parts lie in a core's cache. The terms of a sum are added in one order, whatever the
// sizes: the same rows give the same bits.

#include "lanes.h"
#include "winograd_tiles.h"

namespace tint {
namespace {

constexpr int64_t kTileRows = 6;  // of a panel's columns: twelve registers of sums, of sixteen

// kRows rows of sixteen columns.
template <int64_t kRows>
TINT_INLINE void MultiplyTile(const MatrixProduct& p, const float* a, const float* b, float* c) {
  Lanes low[kRows], high[kRows];
  TINT_UNROLL
  for (int64_t i = 0; i < kRows; ++i) {
    low[i] = p.adds ? Load(c + i * p.width) : Lanes{};
    high[i] = p.adds ? Load(c + i * p.width + kLanes) : Lanes{};
  }
  for (int64_t k = 0; k < p.depth; ++k, a += p.a_step, b += p.b_step) {
    const Lanes first = Load(b), second = Load(b + kLanes);
    TINT_UNROLL
    for (int64_t i = 0; i < kRows; ++i) {
      const Lanes factor = Lanes{} + a[i * p.a_row];
      low[i] += factor * first;
      high[i] += factor * second;
    }
  }
  TINT_UNROLL
  for (int64_t i = 0; i < kRows; ++i) {
    Store(c + i * p.width, low[i]);
    Store(c + i * p.width + kLanes, high[i]);
  }
}

// The last rows, fewer than kTileRows.
template <int64_t kRows>
TINT_INLINE void MultiplyRest(int64_t rows, const MatrixProduct& p, const float* a, const float* b, float* c) {
  if (rows == kRows) {
    MultiplyTile<kRows>(p, a, b, c);
  } else if constexpr (kRows > 1) {
    MultiplyRest<kRows - 1>(rows, p, a, b, c);
  }
}

inline void Multiply(const MatrixProduct& p, const float* a, const float* b, float* c) {
  for (int64_t j = 0; j < p.width; j += kPanel, b += p.b_panel) {
    int64_t i = 0;
    for (; i + kTileRows <= p.rows; i += kTileRows) MultiplyTile<kTileRows>(p, a + i * p.a_row, b, c + i * p.width + j);
    MultiplyRest<kTileRows - 1>(p.rows - i, p, a + i * p.a_row, b, c + i * p.width + j);
  }
}

}  // namespace
}  // namespace tint

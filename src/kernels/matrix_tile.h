#pragma once

// Products of small matrices whose parts lie in a core's cache. The terms of a sum are added in one order, whatever the
// sizes: the same rows give the same bits.

#include "lanes.h"
#include "winograd_tiles.h"

namespace tint {
namespace {

constexpr int64_t kTileRows = 6, kTileColumns = 16;  // twelve registers of sums, of sixteen

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

inline void Multiply(const MatrixProduct& p, const float* a, const float* b, float* c) {
  for (int64_t j = 0; j < p.width; j += kTileColumns) {
    const float* columns = b + j / kTileColumns * p.b_panel;
    int64_t i = 0;
    for (; i + kTileRows <= p.rows; i += kTileRows)
      MultiplyTile<kTileRows>(p, a + i * p.a_row, columns, c + i * p.width + j);
    const float* rest = a + i * p.a_row;
    float* to = c + i * p.width + j;
    switch (p.rows - i) {
      case 1:
        MultiplyTile<1>(p, rest, columns, to);
        break;
      case 2:
        MultiplyTile<2>(p, rest, columns, to);
        break;
      case 3:
        MultiplyTile<3>(p, rest, columns, to);
        break;
      case 4:
        MultiplyTile<4>(p, rest, columns, to);
        break;
      case 5:
        MultiplyTile<5>(p, rest, columns, to);
        break;
      default:
        break;
    }
  }
}

}  // namespace
}  // namespace tint

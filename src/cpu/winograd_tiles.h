// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tint {

// A tile is 4x4 pixels; it is computed from a window of 6x6 pixels by 36 products. Panels: MatrixProduct.
inline constexpr int64_t kTile = 4, kWindow = 6, kPoints = kWindow * kWindow, kPanel = 16;

// Images [count, height, width, channels] divided into tiles of 4x4 pixels, row by row, image after image; the last
// tiles of a row and a column may reach beyond the image, where there are zeros.
struct WinogradTiles {
  int64_t height, width, channels;
  int64_t rows, columns;  // tiles of one image

  int64_t per_image() const { return rows * columns; }
};

// Tiles first ... first + count - 1; their 36 transformed values are [36, capacity, channels].
struct WinogradBlock {
  int64_t first, count, capacity;
};

// c = (or +=, with `adds`) a b: c [rows, width], width a multiple of 16. Element (i, k) of a is at i a_row + k a_step;
// sixteen columns of b are a panel: element (k, j) is at j / 16 b_panel + k b_step + j % 16.
struct MatrixProduct {
  int64_t rows, depth, width;
  int64_t a_row, a_step, b_panel, b_step;
  bool adds;
};

}  // namespace tint

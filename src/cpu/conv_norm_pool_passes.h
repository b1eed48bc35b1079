// SPDX-License-Identifier: Apache-2.0
#pragma once

// conv_batch_norm_act.h between its products, for one instruction set (vec.h). Channels are a multiple of
// kChannelsTogether.

#include "conv_norm_pool_rows.h"
#include "vec.h"

namespace tint {
namespace {

typedef uint8_t ByteVec __attribute__((vector_size(kVecWidth)));

constexpr int32_t kPositive = 4;  // beside the number of the pixel, 0 to 3, in a byte of `argmax`

// The four pixels of a window, with offsets from the first row.
TINT_INLINE void WindowOffsets(const RowPair& rows, int64_t column, int64_t* offsets) {
  offsets[0] = 2 * column * rows.channels;
  offsets[1] = offsets[0] + rows.channels;
  offsets[2] = offsets[0] + rows.width * rows.channels;
  offsets[3] = offsets[2] + rows.channels;
}

// output [width / 2, channels]: (leaky) ReLU of the greatest value of each window, the first of equals, and any that is
// not a number; argmax: which that was, and whether it is above 0.
inline void PoolRows(const RowPair& rows, const float* from, float* output, uint8_t* argmax) {
  int64_t offsets[4];
  for (int64_t column = 0; column < rows.width / 2; ++column) {
    WindowOffsets(rows, column, offsets);
    for (int64_t c = 0; c < rows.channels; c += kVecWidth) {
      Vec greatest = Load(from + offsets[0] + c);
      IntVec which = {};
      TINT_UNROLL
      for (int k = 1; k < 4; ++k) {
        const Vec a = Load(from + offsets[k] + c);
        const IntVec better = (a > greatest) | (a != a);
        greatest = better ? a : greatest;
        which = better ? IntVec{} + k : which;
      }
      const IntVec positive = greatest > Vec{};
      Store(output + c, positive ? greatest : greatest * rows.slope);
      const ByteVec bytes = __builtin_convertvector(which + (positive & kPositive), ByteVec);
      std::memcpy(argmax + c, &bytes, sizeof(bytes));
    }
    output += rows.channels;
    argmax += rows.channels;
  }
}

// The backward pass: to [2, width, channels] is the gradient of what PoolRows read, given [width / 2, channels] that of
// what it wrote.
inline void MaxUnpoolRows(const RowPair& rows, const float* given, const uint8_t* argmax, float* to) {
  int64_t offsets[4];
  for (int64_t column = 0; column < rows.width / 2; ++column) {
    WindowOffsets(rows, column, offsets);
    for (int64_t c = 0; c < rows.channels; c += kVecWidth) {
      ByteVec bytes;
      std::memcpy(&bytes, argmax + c, sizeof(bytes));
      const IntVec choice = __builtin_convertvector(bytes, IntVec), which = choice & (kPositive - 1);
      const Vec g = Load(given + c), gradient = choice >= kPositive ? g : g * rows.slope;
      TINT_UNROLL
      for (int k = 0; k < 4; ++k) Store(to + offsets[k] + c, which == IntVec{} + k ? gradient : Vec{});
    }
    given += rows.channels;
    argmax += rows.channels;
  }
  if (rows.width % 2 == 0) return;
  for (int64_t row = 1; row <= 2; ++row) {
    float* last = to + (row * rows.width - 1) * rows.channels;
    for (int64_t c = 0; c < rows.channels; c += kVecWidth) Store(last + c, Vec{});
  }
}

}  // namespace
}  // namespace tint

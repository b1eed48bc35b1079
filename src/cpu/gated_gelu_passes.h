// SPDX-License-Identifier: Apache-2.0
#pragma once

// gated_gelu.h for a row, for one instruction set (vec.h).

#include "vec.h"

namespace tint {
namespace {

// Calls work(offset, count) for each vector of a row; count is less than kVecWidth in the last one if the row's width
// is not a multiple of it.
// A loop for whole vectors alone is nearly twice as fast as one that computes the count of each.
template <class Work>
TINT_INLINE void ForEachVec(int64_t width, const Work& work) {
  int64_t i = 0;
  for (; i + kVecWidth <= width; i += kVecWidth) work(i, kVecWidth);
  if (i < width) work(i, width - i);
}

TINT_INLINE Vec LoadSome(const float* from, int64_t count) {
  if (count == kVecWidth) return Load(from);
  Vec lanes = {};
  std::memcpy(&lanes, from, static_cast<size_t>(count) * sizeof(float));
  return lanes;
}

TINT_INLINE void StoreSome(float* to, const Vec& lanes, int64_t count) {
  std::memcpy(to, &lanes, static_cast<size_t>(count == kVecWidth ? kVecWidth : count) * sizeof(float));
}

constexpr float kRootHalf = 0.70710678F, kRootHalfPi = 0.39894228F;  // 1 / sqrt(2), 1 / sqrt(2 pi)

// The distribution function of the standard normal.
TINT_INLINE Vec NormalShare(const Vec& x) { return Erf(x * kRootHalf) * 0.5F + 0.5F; }

inline void GatedGeluForward(const float* row, int64_t width, float* output) {
  ForEachVec(
      width, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        const Vec hidden = LoadSome(row + i, count), gate = LoadSome(row + width + i, count);
        StoreSome(output + i, hidden * gate * NormalShare(gate), count);
      });
}

// d/dgate of gate Phi(gate) is Phi(gate) + gate phi(gate), phi the normal density.
inline void GatedGeluBackward(const float* output_gradient, const float* row, int64_t width, float* gradient) {
  ForEachVec(
      width, [&](int64_t i, int64_t count) __attribute__((always_inline)) {
        const Vec given = LoadSome(output_gradient + i, count);
        const Vec hidden = LoadSome(row + i, count), gate = LoadSome(row + width + i, count);
        const Vec share = NormalShare(gate);
        Vec density = gate * gate * -0.5F;
        Exp(&density);
        StoreSome(gradient + i, given * gate * share, count);
        StoreSome(gradient + width + i, given * hidden * (share + gate * density * kRootHalfPi), count);
      });
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

// Eight floats at a time, or TINT_VEC_WIDTH of them, in GCC's vector extension. Each source that includes this compiles
// it for another processor (CMakeLists.txt gives its flags), so everything here is local to the source, and the passes
// use no inline functions of the standard library: the linker could keep the copy that an older processor does not
// understand.

#include <cstdint>
#include <cstring>

#define TINT_INLINE inline __attribute__((always_inline))
// Sums stay in registers only where loops over them are written out.
#define TINT_UNROLL _Pragma("GCC unroll 16")

namespace tint {
namespace {

#ifdef TINT_VEC_WIDTH
constexpr int64_t kVecWidth = TINT_VEC_WIDTH;
#else
constexpr int64_t kVecWidth = 8;
#endif

typedef float Vec __attribute__((vector_size(kVecWidth * 4)));
typedef int32_t IntVec __attribute__((vector_size(kVecWidth * 4)));

TINT_INLINE Vec Load(const float* from) {
  Vec lanes;
  std::memcpy(&lanes, from, sizeof(lanes));
  return lanes;
}

TINT_INLINE void Store(float* to, const Vec& lanes) { std::memcpy(to, &lanes, sizeof(lanes)); }

// The same 32 bits as integers and as floats.
TINT_INLINE IntVec AsBits(const Vec& floats) {
  IntVec bits;
  std::memcpy(&bits, &floats, sizeof(bits));
  return bits;
}

TINT_INLINE Vec AsFloats(const IntVec& bits) {
  Vec floats;
  std::memcpy(&floats, &bits, sizeof(floats));
  return floats;
}

// exp(x) for x <= 0 to 1 unit in the last place or so: 2^n e^r with |r| <= ln(2) / 2, e^r by its Taylor series to the
// sixth power (remainder r^7 / 7! < 1.2e-7), ln 2 split in two as Cody and Waite do. Below -87 it gives exp(-87) ~
// 1e-38.
TINT_INLINE void Exp(Vec* lanes) {
  constexpr float kLog2E = 1.44269504F, kLn2High = 0.693359375F, kLn2Low = -2.12194440e-4F;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const Vec lowest = Vec{} - 87.0F;
  const Vec x = *lanes < lowest ? lowest : *lanes;
  const Vec shifted = x * kLog2E + kRound;
  const Vec n = shifted - kRound;
  const Vec r = (x - n * kLn2High) - n * kLn2Low;
  Vec p = r * (1.0F / 720) + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  *lanes = AsFloats(AsBits(p) + ((AsBits(shifted) - 0x4B400000) << 23));  // 0x4B400000: the bits of kRound
}

TINT_INLINE float Sum(const Vec& lanes) {
  float sum = 0;
  for (int i = 0; i < kVecWidth; ++i) sum += lanes[i];
  return sum;
}

TINT_INLINE float Max(const Vec& lanes) {
  float max = lanes[0];
  for (int i = 1; i < kVecWidth; ++i) max = lanes[i] > max ? lanes[i] : max;
  return max;
}

// erf(x) within 3e-7; of what is not a number any value. |x| <= 1: x P(x^2); above: 1 - exp(-Q(|x|)), |x| cut at 4,
// where 1 - erf is 1.5e-8. P and Q: Chebyshev fits in double of erf(sqrt(s)) / sqrt(s) on [0, 1] and of -ln(erfc(x)) on
// [1, 4].
TINT_INLINE Vec Erf(const Vec& x) {
  const Vec one = Vec{} + 1.0F, four = Vec{} + 4.0F;
  const IntVec sign = AsBits(x) & INT32_MIN;
  const Vec size = AsFloats(AsBits(x) & INT32_MAX);
  const Vec s = x * x;
  Vec inner = s * -0.000565410586F + 0.00492327766F;
  inner = inner * s - 0.0267163851F;
  inner = inner * s + 0.112803644F;
  inner = inner * s - 0.376123498F;
  inner = inner * s + 1.12837913F;
  const Vec t = size < four ? size : four;
  Vec q = t * 1.33093904e-05F - 0.000317572035F;
  q = q * t + 0.0034368676F;
  q = q * t - 0.0226219859F;
  q = q * t + 0.10331898F;
  q = q * t + 0.639093319F;
  q = q * t + 1.12592595F;
  q = q * t + 0.000756968618F;
  q = -q;
  Exp(&q);
  const Vec outer = one - q;
  return size <= one ? x * inner : AsFloats(AsBits(outer) | sign);
}

}  // namespace
}  // namespace tint

// The passes of convolve_bfloat16.h on a processor's tiles (Intel AMX). Pictures and filters are plain memory here;
// bfloat16 numbers are their 16 bits.
#pragma once

#include <cstdint>
#include <vector>

namespace tint {

// A picture [height, width, channels] and the `filters` of 3x3 that pass over it; channels and filters are multiples of
// kDepth. It is laid with a border of one pixel, and its pixels are numbered along the rows of `across` that this
// gives: what a filter's weight (u, v) meets at position p is then position p + u across + v, whatever the row.
// Positions at the end of a row that no filter stands on are computed, and left out.
struct Bfloat16Shape {
  static constexpr int64_t kDepth = 32;  // numbers of a tile's row

  int64_t height, width, channels, filters;

  int64_t across() const { return width + 2; }
  // Where filters stand, rounded up to whole tiles.
  int64_t positions() const { return (height * across() + kDepth - 1) / kDepth * kDepth; }
  // Of the picture with its border, and what the last tiles read beyond it.
  int64_t laid() const { return positions() + 2 * across() + kDepth; }
};

struct AmxKernels {
  // To be called by each thread around its passes.
  void (*begin)();
  void (*end)();
  // picture float32 -> laid [laid(), channels]; what lies outside the picture must be 0 before, and stays.
  void (*lay)(const Bfloat16Shape& shape, const float* picture, uint16_t* laid);
  // laid, and filters as convolve_bfloat16.cc packs them -> output float32 [height, width, filters]; bias or null.
  void (*convolve)(const Bfloat16Shape& shape, const uint16_t* laid, const uint16_t* filters, const float* bias,
                   float* output);
  // picture -> by channel, [channels, laid()], with the zeros as above.
  void (*lay_by_channel)(const Bfloat16Shape& shape, const float* picture, uint16_t* laid);
  // The output's gradient [height, width, filters] -> pairs of positions, [positions() / 2, filters, 2], zeros as
  // above.
  void (*lay_pairs)(const Bfloat16Shape& shape, const float* given, uint16_t* pairs);
  // sums float32 [9, channels, filters] += over positions p: picture[c, p + u across + v] given[p, k].
  void (*add_products)(const Bfloat16Shape& shape, const uint16_t* by_channel, const uint16_t* pairs, float* sums);
};

// Null where the processor or the system has no such tiles.
const AmxKernels* AmxOfThisProcessor();

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tint {

// One head of one sample: rows of `width` floats, `stride` floats apart.
struct HeadRows {
  const float* data = nullptr;
  int64_t stride = 0;
};

struct HeadRowsOut {
  float* data = nullptr;
  int64_t stride = 0;
};

struct HeadForward {
  HeadRows query, key, value;
  HeadRowsOut output;
  float* log_sum_exp = nullptr;
  int64_t log_sum_exp_stride = 0;
  int64_t queries = 0;
  int64_t keys = 0;
  float scale = 1;
};

struct HeadBackward {
  HeadRows query, key, value, output, output_gradient;
  const float* log_sum_exp = nullptr;
  int64_t log_sum_exp_stride = 0;
  HeadRowsOut query_gradient, key_gradient, value_gradient;
  int64_t queries = 0;
  int64_t keys = 0;
  float scale = 1;
};

// How many queries pass over the keys together.
constexpr int kRowsTogether = 4;

constexpr int64_t RoundedUp(int64_t count) { return (count + 7) / 8 * 8; }

// Floats of working memory that a pass over one head needs.
constexpr int64_t ForwardScratch(int64_t keys, int64_t width) { return RoundedUp(keys) * (2 * width + kRowsTogether); }

constexpr int64_t BackwardScratch(int64_t keys, int64_t width) {
  return RoundedUp(keys) * (5 * width + 2 * kRowsTogether);
}

}  // namespace tint

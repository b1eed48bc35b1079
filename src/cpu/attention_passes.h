// SPDX-License-Identifier: Apache-2.0
#pragma once

// The passes over one attention head (attention_head.h), for one instruction set (vec.h).

#include "active_kernels.h"
#include "attention_head.h"
#include "vec.h"

namespace tint {
namespace {

// to [width][padded keys], zero beyond the keys.
template <int kWidth>
TINT_INLINE void Transpose(const HeadRows& from, int64_t keys, float* to) {
  const int64_t padded = RoundedUp(keys);
  for (int d = 0; d < kWidth; ++d) {
    float* row = to + d * padded;
    for (int64_t j = 0; j < keys; ++j) row[j] = from.data[j * from.stride + d];
    for (int64_t j = keys; j < padded; ++j) row[j] = 0;
  }
}

// to [padded keys][width], zero beyond the keys.
template <int kWidth>
TINT_INLINE void Gather(const HeadRows& from, int64_t keys, float* to) {
  for (int64_t j = 0; j < keys; ++j) std::memcpy(to + j * kWidth, from.data + j * from.stride, kWidth * sizeof(float));
  std::memset(to + keys * kWidth, 0, static_cast<size_t>((RoundedUp(keys) - keys) * kWidth) * sizeof(float));
}

// products[row][j] = rows[row] . columns[:, j]; columns [width][padded], products [kRows][padded].
template <int kRows, int kWidth, int kBlocks>
TINT_INLINE void RowsTimesBlocks(const float* const (&rows)[kRows], const float* columns, int64_t padded, int64_t j,
                                 float* products) {
  Vec sums[kRows][kBlocks] = {};
  for (int d = 0; d < kWidth; ++d) {
    Vec column[kBlocks];
    TINT_UNROLL for (int b = 0; b < kBlocks; ++b) column[b] = Load(columns + d * padded + j + b * kVecWidth);
    TINT_UNROLL for (int r = 0; r < kRows; ++r) {
      TINT_UNROLL for (int b = 0; b < kBlocks; ++b) sums[r][b] += column[b] * rows[r][d];
    }
  }
  TINT_UNROLL for (int r = 0; r < kRows; ++r) {
    TINT_UNROLL for (int b = 0; b < kBlocks; ++b) Store(products + r * padded + j + b * kVecWidth, sums[r][b]);
  }
}

template <int kRows, int kWidth>
TINT_INLINE void RowsTimesColumns(const float* const (&rows)[kRows], const float* columns, int64_t padded,
                                  float* products) {
  int64_t j = 0;
  for (; j + 2 * kVecWidth <= padded; j += 2 * kVecWidth)
    RowsTimesBlocks<kRows, kWidth, 2>(rows, columns, padded, j, products);
  for (; j < padded; j += kVecWidth) RowsTimesBlocks<kRows, kWidth, 1>(rows, columns, padded, j, products);
}

// to[row] = factor[row] * sum over j of weights[row][j] matrix[j]; weights [kRows][padded], matrix [padded][width].
// Narrow heads take two keys a turn, with sums of their own, because a sum waits for its last product.
template <int kRows, int kWidth>
TINT_INLINE void WeightsTimesMatrix(const float* weights, const float* matrix, int64_t padded,
                                    const float (&factors)[kRows], float* const (&to)[kRows]) {
  constexpr int kParts = kWidth / kVecWidth, kTurn = kParts == 1 ? 2 : 1;
  Vec sums[kTurn][kRows][kParts] = {};
  for (int64_t j = 0; j < padded; j += kTurn) {
    TINT_UNROLL for (int t = 0; t < kTurn; ++t) {
      Vec row[kParts];
      TINT_UNROLL for (int p = 0; p < kParts; ++p) row[p] = Load(matrix + (j + t) * kWidth + p * kVecWidth);
      TINT_UNROLL for (int r = 0; r < kRows; ++r) {
        TINT_UNROLL for (int p = 0; p < kParts; ++p) sums[t][r][p] += row[p] * weights[r * padded + j + t];
      }
    }
  }
  TINT_UNROLL for (int r = 0; r < kRows; ++r) {
    TINT_UNROLL for (int p = 0; p < kParts; ++p) {
      Vec sum = sums[0][r][p];
      if constexpr (kTurn == 2) sum += sums[1][r][p];
      Store(to[r] + p * kVecWidth, sum * factors[r]);
    }
  }
}

// matrix[j] += sum over the rows of weights[row][j] rows[row]
template <int kRows, int kWidth>
TINT_INLINE void AddOuterProducts(const float* weights, const float* const (&rows)[kRows], int64_t padded,
                                  float* matrix) {
  constexpr int kParts = kWidth / kVecWidth;
  Vec row[kRows][kParts];
  TINT_UNROLL for (int r = 0; r < kRows; ++r) {
    TINT_UNROLL for (int p = 0; p < kParts; ++p) row[r][p] = Load(rows[r] + p * kVecWidth);
  }
  for (int64_t j = 0; j < padded; ++j) {
    float* to = matrix + j * kWidth;
    TINT_UNROLL for (int p = 0; p < kParts; ++p) {
      Vec sum = Load(to + p * kVecWidth);
      TINT_UNROLL for (int r = 0; r < kRows; ++r) sum += row[r][p] * weights[r * padded + j];
      Store(to + p * kVecWidth, sum);
    }
  }
}

// Turns a row of q k^T into exp(scale (x - max)), zero beyond the keys; its sum, and the maximum of scale x.
TINT_INLINE float ExponentialRow(float* row, int64_t keys, int64_t padded, float scale, float* greatest) {
  for (int64_t j = keys; j < padded; ++j) row[j] = -__builtin_inff();
  Vec max = Load(row);
  for (int64_t j = kVecWidth; j < padded; j += kVecWidth) {
    const Vec x = Load(row + j);
    max = x > max ? x : max;
  }
  *greatest = Max(max) * scale;
  Vec sum = {};
  for (int64_t j = 0; j < padded; j += kVecWidth) {
    Vec x = Load(row + j) * scale - *greatest;
    Exp(&x);
    sum += x;
    Store(row + j, x);
  }
  // exp(-infinity) is 1e-38 here, which is negligible in a sum of at least one.
  for (int64_t j = keys; j < padded; ++j) row[j] = 0;
  return Sum(sum);
}

template <int kRows, int kWidth>
TINT_INLINE void ForwardRows(const HeadForward& head, int64_t first, const float* keys, const float* values,
                             float* scores) {
  const int64_t padded = RoundedUp(head.keys);
  const float* rows[kRows];
  float* to[kRows];
  for (int r = 0; r < kRows; ++r) {
    rows[r] = head.query.data + (first + r) * head.query.stride;
    to[r] = head.output.data + (first + r) * head.output.stride;
  }
  RowsTimesColumns<kRows, kWidth>(rows, keys, padded, scores);
  float factors[kRows];
  for (int r = 0; r < kRows; ++r) {
    float greatest = 0;
    const float sum = ExponentialRow(scores + r * padded, head.keys, padded, head.scale, &greatest);
    factors[r] = 1 / sum;
    head.log_sum_exp[(first + r) * head.log_sum_exp_stride] = greatest + __builtin_logf(sum);
  }
  WeightsTimesMatrix<kRows, kWidth>(scores, values, padded, factors, to);
}

template <int kWidth>
void HeadForwardPass(const HeadForward& head, float* scratch) {
  constexpr int kRows = kRowsTogether;
  const int64_t padded = RoundedUp(head.keys);
  float* keys = scratch;
  float* values = keys + padded * kWidth;
  float* scores = values + padded * kWidth;
  Transpose<kWidth>(head.key, head.keys, keys);
  Gather<kWidth>(head.value, head.keys, values);
  int64_t row = 0;
  for (; row + kRows <= head.queries; row += kRows) ForwardRows<kRows, kWidth>(head, row, keys, values, scores);
  for (; row < head.queries; ++row) ForwardRows<1, kWidth>(head, row, keys, values, scores);
}

struct BackwardBuffers {
  float* keys;             // [padded][width]
  float* key_columns;      // [width][padded]
  float* value_columns;    // [width][padded]
  float* key_gradients;    // [padded][width]
  float* value_gradients;  // [padded][width]
  float* weights;          // [rows][padded]: P, rows of the softmax
  float* gradients;        // [rows][padded]: dP, then dS
};

// Turns q k^T into P and dP into dS, row by row.
template <int kWidth>
TINT_INLINE void ScoreGradient(const HeadBackward& head, int64_t query, int64_t padded, float* weights,
                               float* gradients) {
  const float* output = head.output.data + query * head.output.stride;
  const float* output_gradient = head.output_gradient.data + query * head.output_gradient.stride;
  Vec products = {};
  for (int d = 0; d < kWidth; d += kVecWidth) products += Load(output + d) * Load(output_gradient + d);
  const float delta = Sum(products);
  const float log_sum_exp = head.log_sum_exp[query * head.log_sum_exp_stride];
  for (int64_t j = 0; j < padded; j += kVecWidth) {
    Vec p = Load(weights + j) * head.scale - log_sum_exp;
    Exp(&p);
    Store(weights + j, p);
    Store(gradients + j, p * (Load(gradients + j) - delta) * head.scale);
  }
  for (int64_t j = head.keys; j < padded; ++j) weights[j] = gradients[j] = 0;
}

template <int kRows, int kWidth>
TINT_INLINE void BackwardRows(const HeadBackward& head, int64_t first, const BackwardBuffers& buffers) {
  const int64_t padded = RoundedUp(head.keys);
  const float* queries[kRows];
  const float* output_gradients[kRows];
  float* to[kRows];
  float ones[kRows];
  for (int r = 0; r < kRows; ++r) {
    queries[r] = head.query.data + (first + r) * head.query.stride;
    output_gradients[r] = head.output_gradient.data + (first + r) * head.output_gradient.stride;
    to[r] = head.query_gradient.data + (first + r) * head.query_gradient.stride;
    ones[r] = 1;
  }
  RowsTimesColumns<kRows, kWidth>(queries, buffers.key_columns, padded, buffers.weights);
  RowsTimesColumns<kRows, kWidth>(output_gradients, buffers.value_columns, padded, buffers.gradients);
  for (int r = 0; r < kRows; ++r)
    ScoreGradient<kWidth>(head, first + r, padded, buffers.weights + r * padded, buffers.gradients + r * padded);
  WeightsTimesMatrix<kRows, kWidth>(buffers.gradients, buffers.keys, padded, ones, to);
  AddOuterProducts<kRows, kWidth>(buffers.gradients, queries, padded, buffers.key_gradients);
  AddOuterProducts<kRows, kWidth>(buffers.weights, output_gradients, padded, buffers.value_gradients);
}

template <int kWidth>
TINT_INLINE void Scatter(const float* from, int64_t keys, const HeadRowsOut& to) {
  for (int64_t j = 0; j < keys; ++j) std::memcpy(to.data + j * to.stride, from + j * kWidth, kWidth * sizeof(float));
}

template <int kWidth>
void HeadBackwardPass(const HeadBackward& head, float* scratch) {
  constexpr int kRows = kRowsTogether;
  const int64_t matrix = RoundedUp(head.keys) * kWidth;
  const BackwardBuffers buffers{scratch,
                                scratch + matrix,
                                scratch + 2 * matrix,
                                scratch + 3 * matrix,
                                scratch + 4 * matrix,
                                scratch + 5 * matrix,
                                scratch + 5 * matrix + kRows * RoundedUp(head.keys)};
  Gather<kWidth>(head.key, head.keys, buffers.keys);
  Transpose<kWidth>(head.key, head.keys, buffers.key_columns);
  Transpose<kWidth>(head.value, head.keys, buffers.value_columns);
  std::memset(buffers.key_gradients, 0, static_cast<size_t>(2 * matrix) * sizeof(float));
  int64_t row = 0;
  for (; row + kRows <= head.queries; row += kRows) BackwardRows<kRows, kWidth>(head, row, buffers);
  for (; row < head.queries; ++row) BackwardRows<1, kWidth>(head, row, buffers);
  Scatter<kWidth>(buffers.key_gradients, head.keys, head.key_gradient);
  Scatter<kWidth>(buffers.value_gradients, head.keys, head.value_gradient);
}

inline void UseAttentionPasses(CpuKernels* kernels) {
  kernels->attention_forward[0] = HeadForwardPass<8>;
  kernels->attention_forward[1] = HeadForwardPass<16>;
  kernels->attention_backward[0] = HeadBackwardPass<8>;
  kernels->attention_backward[1] = HeadBackwardPass<16>;
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Multinomial logistic regression on frozen features, solved to its optimum: LabelHalluc's teacher (arXiv 2112.03340).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace tint {

struct LinearClassifier {
  at::Tensor weight;  // float64 [N, D]
  at::Tensor bias;    // float64 [N]

  // W f + b: features [M, D] -> float32 [M, N].
  at::Tensor Logits(const at::Tensor& features) const;
};

// Minimises  C sum_i -log softmax(W f_i + b)[y_i] + 1/2 |W|^2  (scikit-learn's LogisticRegression with penalty l2; the
// bias is not penalised). features [M, D], labels int64 [M] in 0...N-1, each class present.
//
// The optimal W is a combination of the rows, so the problem is solved in their span: at most M unknowns per class, by
// Newton's method with halved steps in float64 until the gradient is below `tolerance` times (1 + C M), or as small as
// rounding permits. scikit-learn's default stop leaves decision values up to 5e-3 from here. The bias is
// determined only up to a constant; the one whose sum is 0 is returned. No convergence in 100 steps, or
// features that are not finite: Error(kInternal).
LinearClassifier FitLogisticRegression(const at::Tensor& features, const at::Tensor& labels, int64_t ways,
                                       double inverse_penalty = 1.0, double tolerance = 1e-10);

// Each row divided by its length (at least 1e-12).
at::Tensor NormalizeRows(const at::Tensor& features);

}  // namespace tint

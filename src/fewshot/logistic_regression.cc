// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/logistic_regression.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <string>
#include <tuple>

#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

// The objective as a function of the unknowns V [N, r + 1] (weights in the span of the rows, bias); each row ends in
// a 1.
class Problem {
 public:
  Problem(const at::Tensor& coordinates, const at::Tensor& labels, int64_t ways, double inverse_penalty)
      : rows_(at::cat({coordinates, at::ones({coordinates.size(0), 1}, at::kDouble)}, 1)),
        targets_(at::one_hot(labels, ways).to(at::kDouble)),
        penalized_(at::ones({rows_.size(1)}, at::kDouble)),
        inverse_penalty_(inverse_penalty) {
    penalized_[-1] = 0;
  }

  int64_t width() const { return rows_.size(1); }

  double Value(const at::Tensor& unknowns) const {
    const at::Tensor log_likelihood = (at::log_softmax(rows_.mm(unknowns.t()), 1) * targets_).sum();
    return (0.5 * (unknowns.square() * penalized_).sum() - inverse_penalty_ * log_likelihood).item<double>();
  }

  at::Tensor Gradient(const at::Tensor& unknowns) const {
    return inverse_penalty_ * (Probabilities(unknowns) - targets_).t().mm(rows_) + unknowns * penalized_;
  }

  // [N (r + 1), N (r + 1)]: C sum_i (diag(p_i) - p_i p_i^T) x z_i z_i^T + the penalty. Adding a constant
  // to all biases changes nothing; a 1 in that direction makes the matrix invertible and does not change any step.
  at::Tensor Hessian(const at::Tensor& unknowns) const {
    const at::Tensor p = Probabilities(unknowns);
    const int64_t ways = p.size(1), size = ways * width();
    const at::Tensor curvature = at::diag_embed(p) - p.unsqueeze(2) * p.unsqueeze(1);
    at::Tensor hessian = at::empty({ways, width(), ways, width()}, at::kDouble);
    for (int64_t a = 0; a < ways; ++a) {
      for (int64_t b = a; b < ways; ++b) {
        const at::Tensor block = rows_.t().mm(rows_ * curvature.select(1, a).select(1, b).unsqueeze(1));
        hessian.select(2, b).select(0, a).copy_(inverse_penalty_ * block);
        if (a != b) hessian.select(2, a).select(0, b).copy_(inverse_penalty_ * block.t());
      }
    }
    hessian = hessian.reshape({size, size});
    hessian.diagonal().add_(penalized_.repeat({ways}));
    const at::Tensor common = at::zeros({ways, width()}, at::kDouble);
    common.select(1, -1).fill_(1);
    return hessian.add_(at::outer(common.flatten(), common.flatten()));
  }

 private:
  at::Tensor Probabilities(const at::Tensor& unknowns) const { return at::softmax(rows_.mm(unknowns.t()), 1); }

  at::Tensor rows_, targets_, penalized_;
  double inverse_penalty_;
};

double MaxAbs(const at::Tensor& gradient) { return gradient.abs().max().item<double>(); }

// Step length by halving until the Armijo condition holds; `slope` is gradient times direction.
double LineSearch(const Problem& problem, const at::Tensor& unknowns, const at::Tensor& direction, double slope,
                  double value) {
  constexpr int kHalvings = 60;
  double length = 1;
  for (int halving = 0; halving < kHalvings; ++halving, length /= 2) {
    if (problem.Value(unknowns - length * direction) <= value - 1e-4 * length * slope) break;
  }
  return length;
}

// Newton's method. A step reduces the value by about the square of the gradient; near the optimum that is below the
// rounding error of the value, so no line search is possible and full steps are taken while the gradient shrinks.
at::Tensor Minimize(const Problem& problem, int64_t ways, double limit) {
  constexpr int kSteps = 100;
  constexpr double kRounding = 1e-12;
  at::Tensor unknowns = at::zeros({ways, problem.width()}, at::kDouble);
  at::Tensor gradient = problem.Gradient(unknowns);
  for (int step = 0; step < kSteps; ++step) {
    if (MaxAbs(gradient) <= limit) return unknowns;
    const at::Tensor factor = at::linalg_cholesky(problem.Hessian(unknowns));
    const at::Tensor direction = at::cholesky_solve(gradient.flatten().unsqueeze(1), factor).reshape(unknowns.sizes());
    const double slope = (gradient * direction).sum().item<double>(), value = problem.Value(unknowns);
    const bool use_line_search = slope > kRounding * (1 + value);
    const double length = use_line_search ? LineSearch(problem, unknowns, direction, slope, value) : 1;
    const at::Tensor next = unknowns - length * direction, next_gradient = problem.Gradient(next);
    if (!use_line_search && MaxAbs(next_gradient) >= MaxAbs(gradient)) return unknowns;
    unknowns = next;
    gradient = next_gradient;
  }
  Fail(ExitCode::kInternal,
       "logistic regression: no optimum after " + std::to_string(kSteps) + " steps of Newton's method");
}

}  // namespace

at::Tensor LinearClassifier::Logits(const at::Tensor& features) const {
  return at::addmm(bias, features.to(at::kDouble), weight.t()).to(at::kFloat);
}

LinearClassifier FitLogisticRegression(const at::Tensor& features, const at::Tensor& labels, int64_t ways,
                                       double inverse_penalty, double tolerance) {
  const c10::NoGradGuard no_grad;
  CheckShape(features, {-1, -1}, "features");
  CheckShape(labels, {features.size(0)}, "labels");
  CheckDtype(labels, at::kLong, "labels");
  CheckFinite(features, "features for logistic regression");
  TINT_CHECK_GT(inverse_penalty, 0);
  TINT_CHECK_EQ(std::get<0>(at::_unique(labels)).size(0), ways);
  const at::Tensor rows = features.to(at::kDouble);
  // rows = coordinates basis, the basis orthonormal: |W|^2 is the same in both.
  const auto [basis, upper] = at::linalg_qr(rows.t());
  const Problem problem(upper.t().contiguous(), labels, ways, inverse_penalty);
  const double limit = tolerance * (1 + inverse_penalty * static_cast<double>(rows.size(0)));
  const at::Tensor unknowns = Minimize(problem, ways, limit);
  const at::Tensor bias = unknowns.select(1, -1).clone();
  return {unknowns.narrow(1, 0, unknowns.size(1) - 1).mm(basis.t()), bias - bias.mean()};
}

at::Tensor NormalizeRows(const at::Tensor& features) { return features / features.norm(2, {1}, true).clamp_min(1e-12); }

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "pretrain_losses.h"

#include <ATen/ATen.h>

#include "pretrain_views.h"

namespace tint::internal {
namespace {

at::Tensor Directions(const at::Tensor& rows) { return rows / (rows.norm(2, {1}, true) + 1e-6); }

}  // namespace

at::Tensor ContrastiveLoss(const at::Tensor& a, const at::Tensor& b, const at::Tensor& negatives, double temperature) {
  const at::Tensor from = Directions(a), to = Directions(b);
  const at::Tensor positive = ((from * to).sum(1) / temperature).exp();
  const at::Tensor others = (to.mm(Directions(negatives).t()) / temperature).exp().sum(1);
  return -(positive / (positive + others + 1e-6)).log().mean();
}

at::Tensor InvariantLoss(const at::Tensor& views, const at::Tensor& memory, const at::Tensor& negatives,
                         double temperature) {
  const auto parts = views.chunk(kViews);
  at::Tensor total = ContrastiveLoss(memory, parts[0], negatives, temperature);
  for (size_t m = 1; m < parts.size(); ++m) total = total + ContrastiveLoss(parts[0], parts[m], negatives, temperature);
  return total / static_cast<double>(kViews);
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// Shared by training and evaluation of the losses.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/fewshot/distill.h"

namespace tint::internal {

// Cross-entropy if the source has labels, else distillation of its logits; `rows` int64 [B] says which of its images
// the student's `logits` [B, N] belong to. Not weighted.
at::Tensor SourceLoss(const DistillSource& source, const at::Tensor& logits, const at::Tensor& rows,
                      double temperature);

// uint8 [B, 3, S, S] -> normalised float32 in channels-last order: Conv4 then trains in three quarters of the time on
// two cores, ResNet12 in the same. Training and evaluation must use the same order, since it changes that of sums.
at::Tensor PrepareForStudent(const at::Tensor& images, const std::vector<double>& mean, const std::vector<double>& std);

}  // namespace tint::internal

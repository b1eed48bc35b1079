// SPDX-License-Identifier: Apache-2.0
// The deployed PMF teacher: prototypes from supports, cosine logits, pseudo-labels. Hu et al. 2022 (arXiv 2204.07305).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "tint/models/modules.h"

namespace tint {

// uint8, or float in [0, 1], images [M, 3, H, W] -> features float32 [M, D] on the CPU, computed on `device` (where the
// teacher is) in fixed batches of kTeacherBatch (the last one padded), so that a feature does not depend on the
// other images. `after_batch(done)` is a safe point.
inline constexpr int64_t kTeacherBatch = 16;
at::Tensor TeacherFeatures(const Teacher& teacher, const at::Tensor& images, const c10::Device& device,
                           const std::function<void(int64_t)>& after_batch = {});

// features [M, D], labels int64 [M] in 0...N-1, each class present -> prototypes [N, D], the mean of raw features.
at::Tensor Prototypes(const at::Tensor& features, const at::Tensor& labels, int64_t ways);

// s (cos(f, p) + b): [M, N], the pseudo-labels that the student is trained on. Norms are clamped at 1e-12.
at::Tensor CosineLogits(const at::Tensor& features, const at::Tensor& prototypes, double scale, double bias);

// Mean cross-entropy, in nats, of the classes under softmax(scale * cosines). Per episode: cosines [M, N], labels int64
// [M] in 0...N-1; N may differ between episodes.
double MeanCrossEntropy(const std::vector<at::Tensor>& cosines, const std::vector<at::Tensor>& labels, double scale);

// The scale in [1e-2, 1e4] that makes MeanCrossEntropy smallest: temperature scaling (Guo et al. 2017, arXiv
// 1706.04599) for the cosine classifier, whose bias softmax ignores. The mean is convex in the scale; it is found
// to six digits by bisection of the slope. A minimum outside (cosines without information, or without errors) is
// Error(kBadInput).
double CalibrateScale(const std::vector<at::Tensor>& cosines, const std::vector<at::Tensor>& labels);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Classifies an episode's queries from features: the baselines without training. docs/method.md, Teacher and
// Logistic regression.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

// "nearest-centroid": cosine to the mean of each class's raw support features (as the deployed PMF teacher);
// "logistic-regression": FitLogisticRegression with C = 1 on features of length 1.
const std::vector<std::string>& FeatureMethods();

// Logits float32 [Q, N] of the queries. support [S, D] with labels int64 [S] in 0...N-1, each class present; query
// [Q, D]. A query's logits do not depend on the other queries.
at::Tensor ClassifyFeatures(const std::string& method, const at::Tensor& support, const at::Tensor& labels,
                            int64_t ways, const at::Tensor& query);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/methods.h"

#include "tint/base/error.h"
#include "tint/fewshot/logistic_regression.h"
#include "tint/fewshot/teacher.h"

namespace tint {

const std::vector<std::string>& FeatureMethods() {
  static const std::vector<std::string> methods = {"nearest-centroid", "logistic-regression"};
  return methods;
}

at::Tensor ClassifyFeatures(const std::string& method, const at::Tensor& support, const at::Tensor& labels,
                            int64_t ways, const at::Tensor& query) {
  if (method == "nearest-centroid") return CosineLogits(query, Prototypes(support, labels, ways), 1, 0);
  TINT_CHECK_EQ(method, "logistic-regression");
  return FitLogisticRegression(NormalizeRows(support), labels, ways).Logits(NormalizeRows(query));
}

}  // namespace tint

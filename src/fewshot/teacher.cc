// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/teacher.h"

#include <ATen/ATen.h>

#include <cmath>

#include "fixed_batches.h"
#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

at::Tensor UnitRows(const at::Tensor& rows) {
  return rows / at::clamp_min(at::linalg_vector_norm(rows, 2, at::IntArrayRef{1}, true), 1e-12);
}

}  // namespace

at::Tensor TeacherFeatures(const Teacher& teacher, const at::Tensor& images, const c10::Device& device,
                           const std::function<void(int64_t)>& after_batch) {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  auto compute = [&](const at::Tensor& batch) {
    return teacher.Features(batch.scalar_type() == at::kByte ? batch.to(at::kFloat) / 255 : batch);
  };
  const at::Tensor features = internal::EvaluateInBatches(images, kTeacherBatch, device, compute, after_batch);
  CheckFinite(features, "the teacher's features");
  return features;
}

at::Tensor Prototypes(const at::Tensor& features, const at::Tensor& labels, int64_t ways) {
  CheckShape(features, {-1, -1}, "features");
  CheckShape(labels, {features.size(0)}, "labels");
  CheckDtype(labels, at::kLong, "labels");
  std::vector<at::Tensor> means;
  for (int64_t label = 0; label < ways; ++label) {
    const at::Tensor members = features.index_select(0, at::nonzero(labels == label).flatten());
    TINT_CHECK_GT(members.size(0), 0) << "no support of class " << label;
    means.push_back(members.mean(0));
  }
  return at::stack(means);
}

at::Tensor CosineLogits(const at::Tensor& features, const at::Tensor& prototypes, double scale, double bias) {
  CheckShape(features, {-1, -1}, "features");
  CheckShape(prototypes, {-1, features.size(1)}, "prototypes");
  return scale * (at::mm(UnitRows(features), UnitRows(prototypes).t()) + bias);
}

double MeanCrossEntropy(const std::vector<at::Tensor>& cosines, const std::vector<at::Tensor>& labels, double scale) {
  TINT_CHECK_EQ(cosines.size(), labels.size());
  double sum = 0;
  int64_t count = 0;
  for (size_t k = 0; k < cosines.size(); ++k) {
    const at::Tensor log = at::log_softmax(cosines[k].to(at::kDouble) * scale, 1);
    sum -= log.gather(1, labels[k].unsqueeze(1)).sum().item<double>();
    count += labels[k].size(0);
  }
  TINT_CHECK_GT(count, 0);
  return sum / static_cast<double>(count);
}

double CalibrateScale(const std::vector<at::Tensor>& cosines, const std::vector<at::Tensor>& labels) {
  TINT_CHECK_EQ(cosines.size(), labels.size());
  // d/ds of the cross-entropy: the cosine that softmax expects, less that of the class.
  const auto slope = [&](double scale) {
    double sum = 0;
    for (size_t k = 0; k < cosines.size(); ++k) {
      const at::Tensor x = cosines[k].to(at::kDouble), expected = (at::softmax(x * scale, 1) * x).sum(1);
      sum += (expected - x.gather(1, labels[k].unsqueeze(1)).squeeze(1)).sum().item<double>();
    }
    return sum;
  };
  double low = 1e-2, high = 1e4;
  if (slope(low) >= 0 || slope(high) <= 0)
    Fail(ExitCode::kBadInput, {.field = "logit_scale",
                               .found = slope(low) >= 0 ? "cosines to prototypes say nothing of the classes"
                                                        : "cosines to prototypes classify everything correctly",
                               .expected = "a cross-entropy that is smallest at a scale in [0.01, 10000]",
                               .remedy = "Take more, or other, episodes."});
  while (high > low * (1 + 1e-7)) {
    const double middle = std::sqrt(low * high);
    (slope(middle) < 0 ? low : high) = middle;
  }
  return std::sqrt(low * high);
}

}  // namespace tint

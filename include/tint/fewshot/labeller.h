// SPDX-License-Identifier: Apache-2.0
// Soft labels for images that have none: prototypes of a teacher (PMF, arXiv 2204.07305) or logistic regression on
// frozen features (LabelHalluc, arXiv 2112.03340; docs/method.md, Logistic regression).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tint/base/json.h"
#include "tint/fewshot/student_options.h"

namespace tint {

// A backbone as it computes features, with all that identifies the result.
struct FeatureExtractor {
  std::string backbone;           // "teacher" or "student"
  std::string model_sha256;       // of the model's file and configuration
  Json options = Json::object();  // everything else that changes the features
  // uint8 [M, 3, S, S] -> float32 [M, D] on the CPU; a feature may not depend on the other images of its batch.
  std::function<at::Tensor(const at::Tensor& images)> compute;
};

class Labeller {
 public:
  explicit Labeller(FeatureExtractor extractor) : extractor_(std::move(extractor)) {}
  virtual ~Labeller() = default;
  const FeatureExtractor& extractor() const { return extractor_; }
  // Learns from the supports: uint8 [M, 3, S, S], labels int64 [M] in 0...ways-1, each class present.
  virtual void Fit(const at::Tensor& images, const at::Tensor& labels, int64_t ways) = 0;
  // features [M, D] of the extractor -> logits float32 [M, ways]. Only after Fit.
  virtual at::Tensor Logits(const at::Tensor& features) const = 0;

 private:
  FeatureExtractor extractor_;
};

// Scaled cosines to the mean features of each class (CosineLogits).
std::unique_ptr<Labeller> MakePrototypeLabeller(FeatureExtractor extractor, double logit_scale, double logit_bias);

// Augmented copies of each support that the regression learns from; copy k of all draws from the stream
// (seed, "distill/logistic-regression", episode_idx, 0, k). 0 copies: the supports themselves.
struct SupportCopies {
  int64_t copies = 0;
  AugmentationOptions augmentation = {};
  uint64_t seed = 0, episode_idx = 0;
};
// FitLogisticRegression on features of length 1.
std::unique_ptr<Labeller> MakeRegressionLabeller(FeatureExtractor extractor, const SupportCopies& copies);

}  // namespace tint

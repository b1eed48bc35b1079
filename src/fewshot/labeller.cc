// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/labeller.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tint/fewshot/logistic_regression.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/augment.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

class PrototypeLabeller : public Labeller {
 public:
  PrototypeLabeller(FeatureExtractor extractor, double logit_scale, double logit_bias)
      : Labeller(std::move(extractor)), logit_scale_(logit_scale), logit_bias_(logit_bias) {}
  void Fit(const at::Tensor& images, const at::Tensor& labels, int64_t ways) override {
    prototypes_ = Prototypes(extractor().compute(images), labels, ways);
  }
  at::Tensor Logits(const at::Tensor& features) const override {
    return CosineLogits(features, prototypes_, logit_scale_, logit_bias_);
  }

 private:
  double logit_scale_, logit_bias_;
  at::Tensor prototypes_;
};

class RegressionLabeller : public Labeller {
 public:
  RegressionLabeller(FeatureExtractor extractor, const SupportCopies& copies)
      : Labeller(std::move(extractor)), copies_(copies) {}
  void Fit(const at::Tensor& images, const at::Tensor& labels, int64_t ways) override {
    const int64_t copies = std::max<int64_t>(1, copies_.copies);
    at::Tensor all = images.repeat({copies, 1, 1, 1});
    if (copies_.copies > 0) {
      std::vector<RandomStream> streams;
      for (int64_t k = 0; k < all.size(0); ++k)
        streams.emplace_back(
            StreamKey{copies_.seed, "distill/logistic-regression", copies_.episode_idx, 0, static_cast<uint64_t>(k)});
      all = Augment(all, copies_.augmentation.Augmentation(all.size(3)), streams);
    }
    classifier_ = FitLogisticRegression(NormalizeRows(extractor().compute(all)), labels.repeat({copies}), ways);
  }
  at::Tensor Logits(const at::Tensor& features) const override { return classifier_.Logits(NormalizeRows(features)); }

 private:
  SupportCopies copies_;
  LinearClassifier classifier_;
};

}  // namespace

std::unique_ptr<Labeller> MakePrototypeLabeller(FeatureExtractor extractor, double logit_scale, double logit_bias) {
  return std::make_unique<PrototypeLabeller>(std::move(extractor), logit_scale, logit_bias);
}

std::unique_ptr<Labeller> MakeRegressionLabeller(FeatureExtractor extractor, const SupportCopies& copies) {
  return std::make_unique<RegressionLabeller>(std::move(extractor), copies);
}

}  // namespace tint

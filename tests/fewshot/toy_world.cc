// SPDX-License-Identifier: Apache-2.0
#include "toy_world.h"

#include <ATen/ATen.h>

namespace tint::testing {

ToyImages MakeToyImages(int64_t count, const std::string& stream) {
  at::Tensor images = RandomStream({11, stream}).Uniform({count, 3, 16, 16}) * 180;
  const at::Tensor labels = at::arange(count, at::kLong).remainder(kToyWays);
  images += 60 * at::one_hot(labels, 3).to(at::kFloat).reshape({count, 3, 1, 1});
  return {images.to(at::kByte), labels};
}

ScriptModule ToyStudent() {
  StudentSpec spec;
  spec.image_size = 16;
  return BuildClassifier(BuildBackbone(spec, RandomStream({5, "backbone"})), FeatureWidth(spec), kToyWays, true,
                         RandomStream({5, "head"}));
}

std::vector<DistillSource> ToySources() {
  const ToyImages support = MakeToyImages(9, "support"), base = MakeToyImages(60, "base"),
                  synthetic = MakeToyImages(31, "synthetic");
  auto logits = [](const ToyImages& images) { return 8 * at::one_hot(images.labels, kToyWays).to(at::kFloat); };
  return {{"support", support.images, support.labels, {}, 1.0},
          {"base", base.images, {}, logits(base), 0.5},
          {"synthetic", synthetic.images, {}, logits(synthetic), 0.5}};
}

DistillOptions ToyOptions(int64_t steps) {
  DistillOptions options;
  options.steps = steps;
  options.batch_size = 30;
  options.learning_rate = 0.05;
  options.augmentation.crop_padding = 0;
  options.augmentation.color_jitter = 0;
  options.augmentation.flip_probability = 0;
  return options;
}

void RunToy(const std::vector<DistillSource>& sources, const DistillOptions& options, DistillState* state) {
  RunDistill(sources, options, kToyMean, kToyStd, {7, 3}, state);
}

double ToyAccuracy(const ScriptModule& student) {
  const ToyImages fresh = MakeToyImages(300, "queries");
  const at::Tensor logits = StudentLogits(student, fresh.images, kToyMean, kToyStd, c10::Device(c10::kCPU));
  return logits.argmax(1).eq(fresh.labels).to(at::kDouble).mean().item<double>();
}

}  // namespace tint::testing

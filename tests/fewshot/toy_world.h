// SPDX-License-Identifier: Apache-2.0
// A world with a known answer: three classes of coloured noise, a student that learns it in seconds.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/fewshot/distill.h"
#include "tint/fewshot/student.h"

namespace tint::testing {

inline constexpr int64_t kToyWays = 3;
inline const std::vector<double> kToyMean = {0.5, 0.5, 0.5};
inline const std::vector<double> kToyStd = {0.25, 0.25, 0.25};

struct ToyImages {
  at::Tensor images;  // uint8 [M, 3, 16, 16], class i % 3: noise with one channel brighter
  at::Tensor labels;  // int64 [M]
};
ToyImages MakeToyImages(int64_t count, const std::string& stream);

ScriptModule ToyStudent();
// Supports with labels, base and synthetic images with logits 8 for the class and 0 for the others.
std::vector<DistillSource> ToySources();
// A few steps at small batches, no augmentation.
DistillOptions ToyOptions(int64_t steps);
void RunToy(const std::vector<DistillSource>& sources, const DistillOptions& options, DistillState* state);
// Share of fresh images that the student classifies correctly.
double ToyAccuracy(const ScriptModule& student);

}  // namespace tint::testing

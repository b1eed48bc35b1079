// SPDX-License-Identifier: Apache-2.0
// The images of a training step and their augmentation: a pure function of the step.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "tint/fewshot/distill.h"
#include "tint/tensor/random.h"

namespace tint::internal {

// Endless shuffled passes over one source, `count` images a step. Position p (from the start of training) is in
// pass p / M, so that a resumed training needs no replay.
class ShuffledPasses {
 public:
  ShuffledPasses(const DistillSource& source, int64_t count, const DistillStreams& streams);
  at::Tensor Rows(int64_t step);  // int64 [count]
  std::vector<RandomStream> AugmentStreams(int64_t step) const;

 private:
  const std::vector<int64_t>& Order(int64_t pass);

  int64_t size_, count_;
  DistillStreams streams_;
  std::string order_stage_, augment_stage_;
  int64_t pass_ = -1;
  std::vector<int64_t> order_;
};

struct DistillBatch {
  at::Tensor images;             // uint8 [B, 3, S, S] on the CPU, augmented, the sources one after the other
  std::vector<at::Tensor> rows;  // of each source, int64
};

class BatchMaker {
 public:
  // Keeps references to both.
  BatchMaker(const std::vector<DistillSource>& sources, const DistillOptions& options, const DistillStreams& streams);
  DistillBatch Make(int64_t step);

 private:
  const std::vector<DistillSource>& sources_;
  const DistillOptions& options_;
  std::vector<ShuffledPasses> passes_;
};

// Augment() with the images divided among threads; the result does not depend on their number.
at::Tensor AugmentInThreads(const at::Tensor& images, const AugmentOptions& options,
                            const std::vector<RandomStream>& streams, int threads);

}  // namespace tint::internal

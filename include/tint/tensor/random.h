// SPDX-License-Identifier: Apache-2.0
// Randomness is an argument: a counter-based stream for each thing that needs noise.
//
// LibTorch's Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", SC'11), keyed by
// (seed, stage, episode, class, index). Numbers are drawn on the CPU, so they are the same on every device, in every
// batch, after every restart and with any number of workers.
#pragma once

#include <ATen/core/PhiloxRNGEngine.h>
#include <ATen/core/Tensor.h>
#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace tint {

struct StreamKey {
  uint64_t seed = 0;
  std::string_view stage = {};  // the stage that draws, e.g. "generate"; a second stream of a stage has its own name
  uint64_t episode_idx = 0;
  uint64_t class_idx = 0;
  uint64_t index = 0;  // image, step, photo: whatever the stage counts
};

class RandomStream {
 public:
  explicit RandomStream(const StreamKey& key);

  uint32_t Bits() { return engine_(); }  // uniform over all 32-bit words
  uint64_t Bits64();
  double Uniform();                            // [0, 1), 53 bits
  double Normal();                             // N(0, 1), Box-Muller in double
  int64_t Integer(int64_t low, int64_t high);  // uniform in [low, high], both included, without modulo bias

  at::Tensor Normal(c10::IntArrayRef shape);    // float32, CPU, C order: the same numbers as Normal(), rounded
  at::Tensor Uniform(c10::IntArrayRef shape);   // float32 in [0, 1), CPU
  std::vector<int64_t> Permutation(int64_t n);  // Fisher-Yates

 private:
  at::Philox4_32 engine_;
  double spare_ = 0;  // Box-Muller makes two at a time
  bool has_spare_ = false;
};

}  // namespace tint

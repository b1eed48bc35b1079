// SPDX-License-Identifier: Apache-2.0
// A sum of what threads compute for ranges of a batch, added in the order of the ranges: the same bits whichever thread
// is done first.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <mutex>

namespace tint {

class OrderedSum {
 public:
  // The range that begins at `first` has the sum `part`, which Total() may write into.
  void Add(int64_t first, const at::Tensor& part) {
    const std::lock_guard<std::mutex> lock(mutex_);
    parts_[first] = part;
  }

  // Of at least one part.
  at::Tensor Total() const {
    at::Tensor total = parts_.begin()->second;
    for (auto other = std::next(parts_.begin()); other != parts_.end(); ++other) total += other->second;
    return total;
  }

 private:
  std::mutex mutex_;
  std::map<int64_t, at::Tensor> parts_;
};

}  // namespace tint

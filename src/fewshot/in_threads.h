#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <future>
#include <vector>

#include "tint/tensor/random.h"

namespace tint::internal {

// work(images, streams) over parts of `images` [B, ...] and the streams of their rows, a thread a part, none smaller
// than `least` but the last; what they give is joined along `dimension`. Each image draws from its own stream, so the
// result does not depend on `threads` if the work on an image does not depend on the others.
template <class Work>
at::Tensor InThreads(const at::Tensor& images, const std::vector<RandomStream>& streams, int threads, int64_t least,
                     int64_t dimension, const Work& work) {
  const int64_t count = images.size(0), part = std::max((count + threads - 1) / threads, least);
  std::vector<std::future<at::Tensor>> parts;
  for (int64_t first = 0; first < count; first += part) {
    const int64_t rows = std::min(part, count - first);
    parts.push_back(std::async(std::launch::async, [&, first, rows] {
      std::vector<RandomStream> own(streams.begin() + first, streams.begin() + first + rows);
      return work(images.narrow(0, first, rows), own);
    }));
  }
  std::vector<at::Tensor> results;
  for (auto& one : parts) results.push_back(one.get());
  return at::cat(results, dimension);
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>

#include <algorithm>
#include <vector>

#include "tint/base/parallel.h"
#include "tint/tensor/random.h"

namespace tint::internal {

// Calls work(images, streams) on parts of `images` [B, ...] and the streams of their rows, one thread per part; all
// parts but the last have at least `min_part` images. The results are concatenated along `dimension`. Each image draws
// from its own stream, so the result does not depend on `threads` if the work on an image does not depend on other
// images.
template <class Work>
at::Tensor MapInThreads(const at::Tensor& images, const std::vector<RandomStream>& streams, int threads,
                        int64_t min_part, int64_t dimension, const Work& work) {
  const int64_t count = images.size(0), part = std::max((count + threads - 1) / threads, min_part);
  std::vector<at::Tensor> results(static_cast<size_t>((count + part - 1) / part));
  ParallelFor(static_cast<int64_t>(results.size()), threads, [&](int64_t i) {
    const int64_t first = i * part, rows = std::min(part, count - first);
    std::vector<RandomStream> own(streams.begin() + first, streams.begin() + first + rows);
    results[static_cast<size_t>(i)] = work(images.narrow(0, first, rows), own);
  });
  return at::cat(results, dimension);
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace tint::internal {

// A function of tensors whose samples are along dimension 0 of every input and of the result, and do not depend on each
// other: a model in eval mode.
using BatchFunction = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;

// Into how many parts ParallelOverBatch divides a batch: one per thread, or one if threads would be idle for much of
// the time.
int64_t NumShards(int64_t batch, int64_t threads);

// function(inputs), with the batch divided among the intra-op threads where that is faster. On a CPU threads wait for
// each other at every one of the many small operations of a U-Net; a thread that takes its samples through the whole
// model waits once. Differentiable: the backward pass is divided in the same way (gradients of the result only, not of
// gradients). Off the CPU, inside a parallel region, or while operators are being counted on this thread: one part.
//
// Results equal those of one part to rounding: LibTorch's kernels choose their order of summation by the batch.
at::Tensor ParallelOverBatch(const std::vector<at::Tensor>& inputs, const BatchFunction& function);

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// The same work on many items by several threads.
#pragma once

#include <cstdint>
#include <functional>

namespace tint {

// Calls work(i) for each i in 0...count-1, on `workers` threads at a time (0: one per core), which take items in order.
// If calls throw, the exception of the smallest such i is rethrown, whatever the number of workers; items after it may
// be left out. The threads are OpenMP's, with the calling thread's LibTorch modes (gradients, autocast); an operator
// called by `work` runs on one thread, unless there is only one worker.
void ParallelFor(int64_t count, int workers, const std::function<void(int64_t)>& work);

}  // namespace tint

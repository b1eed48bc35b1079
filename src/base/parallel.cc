// SPDX-License-Identifier: Apache-2.0
#include "tint/base/parallel.h"

#include <ATen/ThreadLocalState.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

namespace tint {

void ParallelFor(int64_t count, int workers, const std::function<void(int64_t)>& work) {
  if (workers <= 0) workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  workers = static_cast<int>(std::clamp<int64_t>(count, 1, workers));
  const at::ThreadLocalState modes;
  // Items are taken in order: when item i fails, all before it have begun and will end, so the smallest failing
  // item is always found.
  std::atomic<int64_t> next{0}, failed_at{count};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&] {
    const at::ThreadLocalStateGuard guard(modes);
    for (int64_t i = next++; i < failed_at; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (i >= failed_at) continue;
        failed_at = i;
        failure = std::current_exception();
      }
    }
  };
#pragma omp parallel num_threads(workers) if (workers > 1)
  run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tint

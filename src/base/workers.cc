#include "tint/base/workers.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "tint/base/stop.h"

namespace tint {

void ForEach(int64_t count, int workers, const std::function<void(int64_t)>& work) {
  if (workers <= 0) workers = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  workers = static_cast<int>(std::min<int64_t>(workers, count));
  std::atomic<int64_t> next{0};
  // Items are handed out in order: when item i fails, all before it have been begun and will end, so the smallest
  // failing item is always found.
  std::mutex mutex;
  std::atomic<int64_t> failed_at{count};
  std::exception_ptr failure;
  auto run = [&] {
    for (int64_t i = next++; i < failed_at; i = next++) {
      try {
        ThrowIfStopRequested();
        work(i);
      } catch (...) {
        const std::lock_guard<std::mutex> lock(mutex);
        if (i >= failed_at) continue;
        failed_at = i;
        failure = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int k = 1; k < workers; ++k) threads.emplace_back(run);
    run();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/base/parallel.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "files.h"

namespace tint {
namespace {

TEST(ParallelFor, VisitsEachItemOnceWhateverTheNumberOfWorkers) {
  for (const int workers : {0, 1, 2, 3, 16}) {
    for (const int64_t count : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> visits(static_cast<size_t>(count));
      ParallelFor(count, workers, [&](int64_t i) { ++visits[static_cast<size_t>(i)]; });
      for (const auto& each : visits) EXPECT_EQ(each, 1) << workers << " workers, " << count << " items";
    }
  }
}

// Also where a later item fails first.
TEST(ParallelFor, RethrowsTheFailureOfTheSmallestItem) {
  for (const int workers : {1, 2, 5}) {
    for (int repeat = 0; repeat < 20; ++repeat) {
      try {
        ParallelFor(50, workers, [&](int64_t i) {
          if (i == 7)
            for (volatile int wait = 0; wait < 10000;) wait = wait + 1;
          if (i >= 7) throw std::runtime_error("item " + std::to_string(i));
        });
        ADD_FAILURE() << "nothing was thrown";
      } catch (const std::runtime_error& failure) {
        EXPECT_STREQ(failure.what(), "item 7") << workers;
      }
    }
  }
}

TEST(ParallelFor, HasTheModesOfItsCaller) {
  const c10::NoGradGuard no_grad;
  std::atomic<int> with_gradients{0};
  ParallelFor(20, 4, [&](int64_t) { with_gradients += c10::GradMode::is_enabled(); });
  EXPECT_EQ(with_gradients, 0);
}

TEST(ParallelFor, RunsOperatorsOnOneThread) {
  std::atomic<int> outside{0};
  ParallelFor(20, 4, [&](int64_t) { outside += !at::in_parallel_region(); });
  EXPECT_EQ(outside, 0);
}

}  // namespace
}  // namespace tint

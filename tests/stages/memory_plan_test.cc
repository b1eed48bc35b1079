// SPDX-License-Identifier: Apache-2.0
// Batches against the memory there is: what one sample takes is measured, and what does not fit is refused with the
// size that does.
#include "tint/stages/memory_plan.h"

#include <ATen/ATen.h>

#include <regex>

#include "prelude.h"
#include "tint/base/log.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

const c10::Device kCpu(c10::kCPU);
constexpr uint64_t kSampleBytes = uint64_t{192} << 20;  // far above what the kernel's counting is off by
constexpr double kUsable = 0.9;                         // the share of memory that a batch may fill

// Touches kSampleBytes and gives them back.
void TakeASample() { at::ones({static_cast<int64_t>(kSampleBytes)}, at::kByte); }

BatchPlan PlanOf(int64_t batch) {
  return {
      .stage = "generate", .option = "--generate.batch-size", .unit = "images", .batch_size = batch, .why = "as asked"};
}

// How many samples the machine has room for right now; others take and give back meanwhile.
double Room() { return kUsable * static_cast<double>(AvailableBytes(kCpu)) / static_cast<double>(kSampleBytes); }

class MemoryPlan : public ::testing::Test {
 protected:
  void SetUp() override {
    SetUpLogging("error", "never");
    if (Room() < 4) GTEST_SKIP() << "less than four samples fit in what is free here";
    TakeASample();  // what the library keeps after its first large block is held before the measurement, then
  }
};

TEST_F(MemoryPlan, RunsOneSampleOnce) {
  int runs = 0;
  CheckBatchFitsMemory(kCpu, PlanOf(1), [&] {
    TakeASample();
    ++runs;
  });
  EXPECT_EQ(runs, 1);
}

TEST_F(MemoryPlan, LogsBatchSizeAndExpectedMemoryBeforeTheWork) {
  ::testing::internal::CaptureStderr();
  SetUpLogging("info", "never");
  CheckBatchFitsMemory(kCpu, PlanOf(2), TakeASample);
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, AllOf(HasSubstr("generate: 2 images in one batch (as asked; --generate.batch-size), about "),
                          HasSubstr(" available")));
}

TEST_F(MemoryPlan, HalfOfWhatIsThereFits) {
  EXPECT_NO_THROW(CheckBatchFitsMemory(kCpu, PlanOf(static_cast<int64_t>(Room() / 2)), TakeASample));
}

// The detail names the stage, the option and a size; the same work of that size passes.
TEST_F(MemoryPlan, TwiceWhatIsThereStopsWithTheSizeThatFits) {
  const double room = Room();
  const auto batch = static_cast<int64_t>(2 * room) + 1;
  const Error error = CatchError([&] { CheckBatchFitsMemory(kCpu, PlanOf(batch), TakeASample); });
  EXPECT_THAT(error, FailsWith(ExitCode::kOutOfMemory,
                               AllOf(HasSubstr("generate: "), HasSubstr("of memory available"),
                                     HasSubstr("for " + std::to_string(batch) + " images in one batch"))));
  EXPECT_EQ(static_cast<int>(error.code()), 71);
  const std::string text = error.what();
  std::smatch match;
  ASSERT_TRUE(std::regex_search(text, match, std::regex("Try --generate\\.batch-size ([0-9]+)\\."))) << text;
  const int64_t fits = std::stoll(match[1]);
  // One sample's own memory counts as there: it is given back before the batch.
  EXPECT_NEAR(static_cast<double>(fits), room, 0.2 * room + 2) << text;
  EXPECT_LT(fits, batch);
  EXPECT_NO_THROW(CheckBatchFitsMemory(kCpu, PlanOf(std::max<int64_t>(1, fits * 3 / 4)), TakeASample));
}

// BatchSize and sample stand for each other: half of the samples, each twice as large, take as much.
TEST_F(MemoryPlan, LargerSamplesLeaveRoomForFewer) {
  const auto largest = [](const std::function<void()>& work) {
    const Error error = CatchError([&] { CheckBatchFitsMemory(kCpu, PlanOf(1'000'000), work); });
    const std::string text = error.what();
    std::smatch match;
    EXPECT_TRUE(std::regex_search(text, match, std::regex("Try --generate\\.batch-size ([0-9]+)\\."))) << text;
    return match.empty() ? 0.0 : std::stod(match[1]);
  };
  const double of_one = largest(TakeASample);
  const double of_two = largest([] { at::ones({static_cast<int64_t>(2 * kSampleBytes)}, at::kByte); });
  EXPECT_NEAR(of_one / 2, of_two, 0.2 * of_two + 2);
}

TEST_F(MemoryPlan, WhatFailsInTheSampleFailsAsItIs) {
  EXPECT_THAT(
      CatchError([] { CheckBatchFitsMemory(kCpu, PlanOf(1), [] { Fail(ExitCode::kInternal, "not finite"); }); }),
      FailsWith(ExitCode::kInternal, HasSubstr("not finite")));
}

}  // namespace
}  // namespace tint

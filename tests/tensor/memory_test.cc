// What the machine says about memory, and flags that arrive: the processor's side of both.
#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "tint/tensor/device.h"

namespace tint {
namespace {

const c10::Device kCpu(c10::kCPU);
constexpr uint64_t kMiB = uint64_t{1} << 20;
// Larger than the largest block that SetUpTensorLibrary lets the process keep: it comes from the kernel and goes back.
constexpr uint64_t kBlock = 128 * kMiB;
// The kernel counts resident pages by threads and sums them up late; other threads may come and go, too.
constexpr uint64_t kSlack = 16 * kMiB;
#ifdef __SANITIZE_ADDRESS__
constexpr bool kGivesBack = false;  // freed blocks stay a while, so that late reads of them are found
#else
constexpr bool kGivesBack = true;
#endif

at::Tensor TouchedBlock() { return at::ones({static_cast<int64_t>(kBlock)}, at::kByte); }

uint64_t PhysicalBytes() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

TEST(HeldBytes, FollowsWhatIsTouchedAndGivenBack) {
  const uint64_t before = HeldBytes(kCpu);
  EXPECT_GT(before, kMiB);
  at::Tensor block = TouchedBlock();
  EXPECT_GE(HeldBytes(kCpu) + kSlack, before + kBlock);
  EXPECT_LE(HeldBytes(kCpu), before + kBlock + kSlack);
  block.reset();
  if (kGivesBack) {
    EXPECT_LE(HeldBytes(kCpu), before + kSlack);
  }
}

TEST(HeldBytes, IsAtMostThePeakAndThePeakStays) {
  ResetPeaks(kCpu);
  const uint64_t before = HeldBytes(kCpu);
  TouchedBlock();
  EXPECT_GE(PeakHostBytes() + kSlack, before + kBlock);
  EXPECT_LE(HeldBytes(kCpu), PeakHostBytes() + kSlack);
  if (kGivesBack) {
    EXPECT_LE(HeldBytes(kCpu), before + kSlack) << "the block is gone; only the peak remembers it";
  }
}

TEST(ResetPeaks, LetsThePeakBeginAnew) {
  if (!kGivesBack || !(std::ofstream("/proc/self/clear_refs") << "5" << std::flush))
    GTEST_SKIP() << "a sanitizer keeps freed blocks, or this kernel does not let a process reset its peak";
  TouchedBlock();
  const uint64_t high = PeakHostBytes();
  ResetPeaks(kCpu);
  EXPECT_LE(PeakHostBytes() + kBlock, high + kSlack);
  EXPECT_LE(PeakHostBytes(), HeldBytes(kCpu) + kSlack);
}

TEST(AvailableBytes, IsSomeOfThePhysicalMemory) {
  const uint64_t available = AvailableBytes(kCpu);
  EXPECT_GT(available, kMiB) << "this test runs, so there is some";
  EXPECT_LE(available, PhysicalBytes());
}

TEST(AsyncDeviceFlag, IsThereAtOnceOnTheProcessor) {
  AsyncDeviceFlag flag(kCpu);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(flag.Post(at::zeros({}, at::kBool)));
  EXPECT_TRUE(flag.Post(at::ones({}, at::kBool)));
  const at::Tensor mask = at::zeros({4}, at::kBool);
  AsyncDeviceFlag another(kCpu);
  EXPECT_TRUE(another.Post(mask.any().logical_not())) << "nobody goes on";
  AsyncDeviceFlag third(kCpu);
  mask[2] = true;
  EXPECT_FALSE(third.Post(mask.any().logical_not()));
}

// One that nobody asked again leaves nothing behind.
TEST(AsyncDeviceFlag, MayBeForgotten) {
  for (const bool value : {false, true}) {
    auto flag = std::make_unique<AsyncDeviceFlag>(kCpu);
    EXPECT_EQ(flag->Post(at::full({}, value, at::kBool)), value);
    flag.reset();
  }
  EXPECT_NO_THROW(AsyncDeviceFlag never_posted(kCpu));
}

}  // namespace
}  // namespace tint

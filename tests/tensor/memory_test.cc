// SPDX-License-Identifier: Apache-2.0
// What the machine reports about memory, on the CPU.
#include "tint/tensor/memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

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

TEST(ResetPeaks, ResetsThePeak) {
  if (!kGivesBack || !(std::ofstream("/proc/self/clear_refs") << "5" << std::flush))
    GTEST_SKIP() << "a sanitizer keeps freed blocks, or this kernel does not let a process reset its peak";
  TouchedBlock();
  const uint64_t high = PeakHostBytes();
  ResetPeaks(kCpu);
  EXPECT_LE(PeakHostBytes() + kBlock, high + kSlack);
  EXPECT_LE(PeakHostBytes(), HeldBytes(kCpu) + kSlack);
}

TEST(PeakHostBytes, GrowsWithWhatIsTouched) {
  const uint64_t before = PeakHostBytes();
  EXPECT_GT(before, uint64_t{1} << 20);
  // More than the whole peak until now, so that no freed memory can serve.
  const auto size = static_cast<int64_t>(before) + (64 << 20);
  EXPECT_EQ(at::ones({size}, at::kByte)[size - 1].item<uint8_t>(), 1);
  EXPECT_GE(PeakHostBytes(), before + (64 << 20));
  EXPECT_EQ(PeakDeviceBytes(c10::Device("cpu")), 0u);
}

TEST(AvailableBytes, IsSomeOfThePhysicalMemory) {
  const uint64_t available = AvailableBytes(kCpu);
  EXPECT_GT(available, kMiB) << "this test runs, so there is some";
  EXPECT_LE(available, PhysicalBytes());
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Memory of a device before anything was allocated on it, where CUDA's allocator refuses to answer.
#include "tint/tensor/memory.h"

#include <ATen/ATen.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <gtest/gtest.h>

#include "fake_device.h"

namespace tint::testing {
namespace {

constexpr int64_t kBytes = 1 << 20;

at::Tensor Block() { return at::empty({kBytes}, at::TensorOptions().dtype(at::kByte).device(fake::device())); }

TEST(DeviceMemory, TheFakeAllocatorRefusesStatisticsBeforeItsFirstAllocation) {
  fake::device();
  fake::ForgetAllocator();
  c10::DeviceAllocator* allocator = c10::getDeviceAllocator(fake::device().type());
  EXPECT_FALSE(allocator->initialized());
  EXPECT_THROW(allocator->resetPeakStats(0), c10::Error);
  EXPECT_THROW(allocator->getDeviceStats(0), c10::Error);
  Block();
  EXPECT_TRUE(allocator->initialized());
  EXPECT_NO_THROW(allocator->resetPeakStats(0));
}

TEST(DeviceMemory, IsZeroBeforeTheFirstAllocation) {
  const c10::Device device = fake::device();
  fake::ForgetAllocator();
  EXPECT_NO_THROW(ResetPeaks(device));
  EXPECT_EQ(PeakDeviceBytes(device), 0u);
  EXPECT_EQ(HeldBytes(device), 0u);
  EXPECT_GT(AvailableBytes(device), 0u);
}

TEST(DeviceMemory, CountsFromTheFirstAllocationOn) {
  const c10::Device device = fake::device();
  fake::ForgetAllocator();
  ResetPeaks(device);
  const uint64_t before = AvailableBytes(device);
  {
    const at::Tensor block = Block();
    EXPECT_GE(HeldBytes(device), static_cast<uint64_t>(kBytes));
    EXPECT_LE(AvailableBytes(device) + kBytes, before);
  }
  EXPECT_GE(PeakDeviceBytes(device), static_cast<uint64_t>(kBytes));
}

}  // namespace
}  // namespace tint::testing

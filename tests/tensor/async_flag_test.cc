// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/async_flag.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tint {
namespace {

const c10::Device kCpu(c10::kCPU);

TEST(AsyncDeviceFlag, IsReadAtOnceOnTheCpu) {
  AsyncDeviceFlag flag(kCpu);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(flag.Poll(at::zeros({}, at::kBool)));
  EXPECT_TRUE(flag.Poll(at::ones({}, at::kBool)));
  const at::Tensor mask = at::zeros({4}, at::kBool);
  AsyncDeviceFlag another(kCpu);
  EXPECT_TRUE(another.Poll(mask.any().logical_not())) << "nobody is active";
  AsyncDeviceFlag third(kCpu);
  mask[2] = true;
  EXPECT_FALSE(third.Poll(mask.any().logical_not()));
}

// One that is never polled again is destroyed cleanly.
TEST(AsyncDeviceFlag, MayBeDestroyedAtAnyTime) {
  for (const bool value : {false, true}) {
    auto flag = std::make_unique<AsyncDeviceFlag>(kCpu);
    EXPECT_EQ(flag->Poll(at::full({}, value, at::kBool)), value);
    flag.reset();
  }
  EXPECT_NO_THROW(AsyncDeviceFlag never_polled(kCpu));
}

}  // namespace
}  // namespace tint

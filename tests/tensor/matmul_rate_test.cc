// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/matmul_rate.h"

#include <gtest/gtest.h>

namespace tint {
namespace {

TEST(MeasureMatmulRate, IsPlausible) {
  const double rate = MeasureMatmulRate(c10::Device("cpu"), c10::kFloat);
  EXPECT_GT(rate, 1e8) << "FLOP/s, even with sanitizers on a busy machine";
  EXPECT_LT(rate, 1e14);
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/cpu_isa.h"

#include <gtest/gtest.h>

#include "active_kernels.h"
#include "amx.h"

namespace tint {
namespace {

TEST(CpuIsa, DecidesTheKernels) {
  EXPECT_EQ(SupportedKernels().size(), static_cast<size_t>(BestCpuIsa()) + 1);
  EXPECT_EQ(CpuIsaName(CpuIsa::kBaseline), "baseline");
  EXPECT_EQ(CpuIsaName(CpuIsa::kAvx2), "AVX2");
  EXPECT_EQ(CpuIsaName(CpuIsa::kAvx512), "AVX-512");
}

// Whoever trains in bfloat16 because it pays gets the kernels for which it does.
TEST(HasAmx, DecidesTheKernelsAndThePrecision) {
  EXPECT_EQ(ActiveAmxKernels() != nullptr, HasAmx());
  EXPECT_EQ(HasFastBfloat16(c10::Device(c10::kCPU)), HasAmx());
  EXPECT_TRUE(!HasAmx() || BestCpuIsa() == CpuIsa::kAvx512);
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/device.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "prelude.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

TEST(ChooseDevice, AutoIsSilent) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const c10::Device device = ChooseDevice("auto");
  EXPECT_EQ(::testing::internal::GetCapturedStderr() + ::testing::internal::GetCapturedStdout(), "");
  EXPECT_TRUE(device.is_cpu() || device.is_cuda());
  EXPECT_TRUE(ChooseDevice("cpu").is_cpu());
}

// Both kinds of machine are tested: whether a GPU works is asked of the same program.
TEST(ChooseDevice, CudaIsAvailableOrItsAbsenceIsExplained) {
  if (ChooseDevice("auto").is_cuda()) {
    const c10::Device device = ChooseDevice("cuda");
    EXPECT_EQ(ChooseDevice("cuda:0"), device);
    EXPECT_EQ(at::ones({3}, at::TensorOptions().device(device)).sum().item<float>(), 3.0f);
    EXPECT_GT(PeakDeviceBytes(device), 0u);
    EXPECT_THAT(DeviceClass(device), AllOf(Not(HasSubstr("cuda")), Not("")));
    EXPECT_THAT(CatchError([] { ChooseDevice("cuda:99"); }), FailsWith(ExitCode::kNoDevice, HasSubstr("shows only")));
    return;
  }
  for (const char* name : {"cuda", "cuda:0", "cuda:7"}) {
    EXPECT_THAT(
        CatchError([name] { ChooseDevice(name); }),
        FailsWith(ExitCode::kNoDevice, AllOf(HasSubstr(std::string("the device ") + name + " is not available: "),
                                             HasSubstr("Use --device cpu"), Not(HasSubstr("\n")))));
  }
}

TEST(ChooseDevice, RefusesOtherNames) {
  for (const char* name : {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:1000000", "mps"}) {
    EXPECT_THAT(CatchError([name] { ChooseDevice(name); }),
                FailsWith(ExitCode::kUsage, HasSubstr("expected auto, cpu, cuda or cuda:N")));
  }
  EXPECT_THAT(CatchError([] { ChooseDevice("cude"); }), FailsWith(ExitCode::kUsage, HasSubstr("Did you mean 'cuda'?")));
}

TEST(DeviceClass, IsCpuForEveryProcessor) { EXPECT_EQ(DeviceClass(c10::Device("cpu")), "cpu"); }

TEST(SetUpTensorLibrary, SetsThreadsAndDeterminism) {
  EXPECT_EQ(SetUpTensorLibrary(1), 1);
  EXPECT_EQ(at::get_num_threads(), 1);
  EXPECT_GE(SetUpTensorLibrary(0), 1);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_FALSE(at::globalContext().deterministicAlgorithmsWarnOnly());
  EXPECT_EQ(CatchError([] { SetUpTensorLibrary(-1); }).code(), ExitCode::kInternal);
}

}  // namespace
}  // namespace tint

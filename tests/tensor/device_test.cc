#include "tint/tensor/device.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "files.h"

namespace tint {
namespace {

using ::testing::AllOf;
using testing::CatchError;
using testing::FailsWith;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ChooseDevice, AutoIsSilent) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const c10::Device device = ChooseDevice("auto");
  EXPECT_EQ(::testing::internal::GetCapturedStderr() + ::testing::internal::GetCapturedStdout(), "");
  EXPECT_TRUE(device.is_cpu() || device.is_cuda());
  EXPECT_TRUE(ChooseDevice("cpu").is_cpu());
}

// Both kinds of machine are tested: whether a GPU works is asked of the same program.
TEST(ChooseDevice, CudaIsThereOrMissedInOneSentence) {
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
    EXPECT_THAT(CatchError([name] { ChooseDevice(name); }),
                FailsWith(ExitCode::kNoDevice, AllOf(HasSubstr(std::string("the device ") + name + " was asked for"),
                                                     HasSubstr("--device cpu"), Not(HasSubstr("\n")))));
  }
}

TEST(ChooseDevice, RefusesOtherWords) {
  for (const char* name : {"", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda:1000000", "mps"}) {
    EXPECT_THAT(CatchError([name] { ChooseDevice(name); }),
                FailsWith(ExitCode::kUsage, HasSubstr("expected auto, cpu, cuda or cuda:N")));
  }
  EXPECT_THAT(CatchError([] { ChooseDevice("cude"); }), FailsWith(ExitCode::kUsage, HasSubstr("did you mean 'cuda'?")));
}

TEST(Dtype, NamesAndDtypesAreInverse) {
  for (const char* name : {"float32", "bfloat16", "float16"}) EXPECT_EQ(DtypeName(ParseDtype(name)), name);
  EXPECT_EQ(DtypeName(at::kLong), "int64");
  EXPECT_THAT(CatchError([] { ParseDtype("float61"); }),
              FailsWith(ExitCode::kUsage, HasSubstr("did you mean 'float16'?")));
  EXPECT_EQ(CatchError([] { ParseDtype("float64"); }).code(), ExitCode::kUsage);
}

TEST(DeviceClass, IsCpuForEveryProcessor) { EXPECT_EQ(DeviceClass(c10::Device("cpu")), "cpu"); }

TEST(SetUpTensorLibrary, SetsThreadsAndForbidsChance) {
  EXPECT_EQ(SetUpTensorLibrary(1), 1);
  EXPECT_EQ(at::get_num_threads(), 1);
  EXPECT_GE(SetUpTensorLibrary(0), 1);
  EXPECT_TRUE(at::globalContext().deterministicAlgorithms());
  EXPECT_FALSE(at::globalContext().deterministicAlgorithmsWarnOnly());
  EXPECT_EQ(CatchError([] { SetUpTensorLibrary(-1); }).code(), ExitCode::kInternal);
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

TEST(MeasureMatmulRate, IsThatOfAComputer) {
  const double rate = MeasureMatmulRate(c10::Device("cpu"), c10::kFloat);
  EXPECT_GT(rate, 1e8) << "FLOP/s, even with sanitizers on a busy machine";
  EXPECT_LT(rate, 1e14);
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

// The folder of libtorch_cpu.so, where its CUDA part is too.
std::filesystem::path LibTorchFolder() {
  Dl_info info{};
  TINT_CHECK(dladdr(reinterpret_cast<const void*>(&at::set_num_threads), &info) != 0 && info.dli_fname != nullptr);
  return std::filesystem::path(info.dli_fname).parent_path();
}

std::string LastLoaderMessage() {
  const char* message = dlerror();
  return message ? message : "no reason given";
}

// Opens LibTorch's CUDA part, which registers its operators. Returns why CUDA cannot be used, or "".
// LibTorch must not be asked about CUDA before: it caches its first answer.
std::string OpenCuda() {
  const std::filesystem::path library = LibTorchFolder() / "libtorch_cuda.so";
  std::error_code error;
  if (!std::filesystem::exists(library, error)) {
    return "LibTorch's CUDA part is not installed (" + library.string() +
           " is absent; scripts/setup --cuda installs it)";
  }
  if (dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return "there is no NVIDIA driver (" + LastLoaderMessage() + ")";
  }
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    return "LibTorch's CUDA part cannot be opened (" + LastLoaderMessage() + ")";
  }
  try {
    if (at::detail::getCUDAHooks().deviceCount() < 1) return "the NVIDIA driver shows no device";
  } catch (const std::exception& failure) {
    return std::string("the NVIDIA driver does not answer (") + Split(failure.what(), '\n')[0] + ")";
  }
  return "";
}

const std::string& WhyNoCuda() {
  static const std::string reason = OpenCuda();
  return reason;
}

std::optional<int> ParseIndex(const std::string& digits) {
  int index = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, index);
  if (error != std::errc() || stop != end || index < 0 || index > 127) return std::nullopt;
  return index;
}

c10::Device RequireCuda(const std::string& name, int index) {
  if (!WhyNoCuda().empty()) {
    Fail(ExitCode::kNoDevice,
         "the device " + Quote(name) + " is not available: " + WhyNoCuda() + ". Use --device cpu or auto.");
  }
  const c10::DeviceIndex count = at::detail::getCUDAHooks().deviceCount();
  if (index >= count) {
    Fail(ExitCode::kNoDevice, "the device " + Quote(name) + " is not available: the NVIDIA driver shows only " +
                                  std::to_string(count) + " (the first is cuda:0)");
  }
  // Creates the context and the allocator now, where a failure still has a name.
  try {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  } catch (const std::exception& failure) {
    Fail(ExitCode::kNoDevice, "the device " + Quote(name) + " cannot be initialized (" +
                                  Split(failure.what(), '\n')[0] + "). Use --device cpu.");
  }
  return {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)};
}

// By the driver's functions: their binary interface is stable, unlike that of the runtime's property struct.
std::string CudaName(int index) {
  void* driver = dlopen("libcuda.so.1", RTLD_NOW);
  TINT_CHECK(driver != nullptr) << LastLoaderMessage();
  auto init = reinterpret_cast<int (*)(unsigned)>(dlsym(driver, "cuInit"));
  auto get = reinterpret_cast<int (*)(int*, int)>(dlsym(driver, "cuDeviceGet"));
  auto get_name = reinterpret_cast<int (*)(char*, int, int)>(dlsym(driver, "cuDeviceGetName"));
  char name[256] = {};
  int device = 0;
  const bool known = init && get && get_name && init(0) == 0 && get(&device, index) == 0 &&
                     get_name(name, sizeof name - 1, device) == 0;
  if (!known)
    Fail(ExitCode::kNoDevice, "the NVIDIA driver does not report the name of device " + std::to_string(index));
  return name;
}

struct NamedDevice {
  c10::Device device;
  std::string name;
};

std::optional<NamedDevice>& DeviceOfTests() {
  static std::optional<NamedDevice> device;
  return device;
}

}  // namespace

ScopedDevice::ScopedDevice(const c10::Device& device, std::string name) {
  TINT_CHECK(!DeviceOfTests() && !device.is_cpu() && !device.is_cuda()) << device.str();
  DeviceOfTests() = {device, std::move(name)};
}

ScopedDevice::~ScopedDevice() { DeviceOfTests().reset(); }

c10::Device ChooseDevice(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::DeviceType::CPU);
  if (name == "auto" && DeviceOfTests()) return DeviceOfTests()->device;
  if (name == "auto") return WhyNoCuda().empty() ? RequireCuda(name, 0) : c10::Device(c10::DeviceType::CPU);
  if (name == "cuda") return RequireCuda(name, 0);
  if (name.starts_with("cuda:")) {
    if (const auto index = ParseIndex(name.substr(5))) return RequireCuda(name, *index);
  }
  Fail(ExitCode::kUsage, {.field = "device",
                          .found = "is " + Quote(name),
                          .expected = "auto, cpu, cuda or cuda:N",
                          .remedy = DidYouMean(name, {"auto", "cpu", "cuda", "cuda:0"})});
}

std::string DeviceClass(const c10::Device& device) {
  if (device.is_cpu()) return "cpu";
  if (DeviceOfTests() && device == DeviceOfTests()->device) return DeviceOfTests()->name;
  TINT_CHECK(device.is_cuda()) << device.str();
  return CudaName(std::max<int>(device.index(), 0));
}

std::string TorchVersion() { return TORCH_VERSION; }

int SetUpTensorLibrary(int threads) {
  TINT_CHECK_GE(threads, 0);
  // The processors this process may use, as the scheduler says: the limit of a batch system counts.
  const int count = threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  at::set_num_threads(count);
  // cuBLAS is deterministic only with a fixed workspace, and reads this when it starts.
  setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/0);
  at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  // By default LibTorch rounds CUDA convolutions to TF32 but not matrix products; everything is to be float32.
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  // Filling every new tensor only helps to find reads of uninitialised memory.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  KeepFreedBlocks();
  return at::get_num_threads();
}

void Synchronize(const c10::Device& device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

}  // namespace tint

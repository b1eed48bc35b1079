#include "tint/tensor/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/headeronly/version.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <thread>
#include <utility>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// Where libtorch_cpu.so lies: its CUDA part lies beside it.
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
// Nothing may ask LibTorch about CUDA before: it keeps its first answer.
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
    Fail(ExitCode::kNoDevice, "the device " + Quote(name) + " was asked for, but " + WhyNoCuda() +
                                  "; --device cpu or auto works without it");
  }
  const c10::DeviceIndex count = at::detail::getCUDAHooks().deviceCount();
  if (index >= count) {
    Fail(ExitCode::kNoDevice, "the device " + Quote(name) + " was asked for, but the NVIDIA driver shows only " +
                                  std::to_string(count) + " (the first is cuda:0)");
  }
  // Creates the context and the allocator now, where a failure still has a name.
  try {
    at::globalContext().lazyInitDevice(c10::DeviceType::CUDA);
  } catch (const std::exception& failure) {
    Fail(ExitCode::kNoDevice, "the device " + Quote(name) + " cannot be initialized (" +
                                  Split(failure.what(), '\n')[0] + "); --device cpu works without it");
  }
  return {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(index)};
}

// The driver's own functions: their binary interface is stable, unlike that of the runtime's property struct.
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
  if (!known) Fail(ExitCode::kNoDevice, "the NVIDIA driver does not tell the name of device " + std::to_string(index));
  return name;
}

// "VmHWM:  123 kB" -> bytes; kB means 1024 bytes, proc(5).
uint64_t KilobytesOf(const char* file, const std::string& name) {
  const std::string text = ReadFile(file, 1 << 20);
  const size_t at = text.find(name);
  TINT_CHECK(at != std::string::npos) << file << " names no " << name;
  return std::strtoull(text.c_str() + at + name.size(), nullptr, 10) * 1024;
}

// Of this control group: files read, which the kernel forgets when memory is asked for, but counts as used.
uint64_t PagesOfFiles() {
  std::ifstream stream("/sys/fs/cgroup/memory.stat");
  uint64_t bytes = 0, value = 0;
  for (std::string name; stream >> name >> value;) {
    if (name == "active_file" || name == "inactive_file") bytes += value;
  }
  return bytes;
}

c10::DeviceIndex IndexOf(const c10::Device& device) { return std::max<c10::DeviceIndex>(device.index(), 0); }

constexpr auto kAggregate = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

// Null on the CPU, and while nothing has been allocated on the device: until then CUDA's allocator throws when it is
// asked for statistics.
c10::DeviceAllocator* InitializedAllocator(const c10::Device& device) {
  if (device.is_cpu()) return nullptr;
  c10::DeviceAllocator* allocator = c10::getDeviceAllocator(device.type());
  return allocator->initialized() ? allocator : nullptr;
}

// Bytes of live blocks, now and at most since ResetPeaks; zeros where there is no allocator to ask.
c10::CachingAllocator::Stat AllocatedBytes(const c10::Device& device) {
  c10::DeviceAllocator* allocator = InitializedAllocator(device);
  return allocator ? allocator->getDeviceStats(IndexOf(device)).allocated_bytes[kAggregate]
                   : c10::CachingAllocator::Stat{};
}

struct NamedDtype {
  const char* name;
  c10::ScalarType dtype;
};
constexpr NamedDtype kComputeDtypes[] = {
    {"float32", c10::ScalarType::Float}, {"bfloat16", c10::ScalarType::BFloat16}, {"float16", c10::ScalarType::Half}};
constexpr NamedDtype kOtherDtypes[] = {{"float64", c10::ScalarType::Double}, {"bool", c10::ScalarType::Bool},
                                       {"uint8", c10::ScalarType::Byte},     {"int8", c10::ScalarType::Char},
                                       {"int16", c10::ScalarType::Short},    {"int32", c10::ScalarType::Int},
                                       {"int64", c10::ScalarType::Long}};

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

c10::ScalarType ParseDtype(const std::string& name) {
  for (const NamedDtype& known : kComputeDtypes) {
    if (name == known.name) return known.dtype;
  }
  Fail(ExitCode::kUsage, {.field = "dtype",
                          .found = "is " + Quote(name),
                          .expected = "float32, bfloat16 or float16",
                          .remedy = DidYouMean(name, {"float32", "bfloat16", "float16"})});
}

std::string DtypeName(c10::ScalarType dtype) {
  for (const NamedDtype& known : kComputeDtypes) {
    if (dtype == known.dtype) return known.name;
  }
  for (const NamedDtype& known : kOtherDtypes) {
    if (dtype == known.dtype) return known.name;
  }
  return c10::toString(dtype);
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
  // LibTorch's own defaults let CUDA convolutions round to TF32 and keep matrix products in float32: float32 is meant.
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  // Only a help for finding reads of unset memory, and it writes every new tensor.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  // Big blocks stay with the process: given back at every step, the kernel clears them again and again. 32 MiB is the
  // largest threshold glibc takes; above it blocks still come and go, which bounds the memory held for nothing.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  return at::get_num_threads();
}

void ResetPeaks(const c10::Device& device) {
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets VmHWM
  if (c10::DeviceAllocator* allocator = InitializedAllocator(device)) allocator->resetPeakStats(IndexOf(device));
}

uint64_t PeakHostBytes() { return KilobytesOf("/proc/self/status", "VmHWM:"); }

uint64_t PeakDeviceBytes(const c10::Device& device) { return static_cast<uint64_t>(AllocatedBytes(device).peak); }

uint64_t HeldBytes(const c10::Device& device) {
  if (device.is_cpu()) return KilobytesOf("/proc/self/status", "VmRSS:");
  return static_cast<uint64_t>(AllocatedBytes(device).current);
}

uint64_t AvailableBytes(const c10::Device& device) {
  if (!device.is_cpu()) {
    // What the allocator keeps without using it is available, too.
    int64_t cached = 0;
    if (c10::DeviceAllocator* allocator = InitializedAllocator(device)) {
      const auto stats = allocator->getDeviceStats(IndexOf(device));
      cached = stats.reserved_bytes[kAggregate].current - stats.allocated_bytes[kAggregate].current;
    }
    return c10::getDeviceAllocator(device.type())->getMemoryInfo(IndexOf(device)).first +
           static_cast<uint64_t>(std::max<int64_t>(cached, 0));
  }
  uint64_t available = KilobytesOf("/proc/meminfo", "MemAvailable:");
  const auto number = [](const char* file) -> std::optional<uint64_t> {
    std::ifstream stream(file);  // "max" where there is no limit
    uint64_t value = 0;
    return stream >> value ? std::optional(value) : std::nullopt;
  };
  const auto limit = number("/sys/fs/cgroup/memory.max"), used = number("/sys/fs/cgroup/memory.current");
  if (limit && used) {
    const uint64_t kept = *used - std::min(*used, PagesOfFiles());
    available = std::min(available, *limit > kept ? *limit - kept : 0);
  }
  return available;
}

// Pinned memory and an event: the value may be read once the event, which follows the copy, has happened.
struct AsyncDeviceFlag::Copy {
  explicit Copy(const c10::Device& the_device)
      : device(the_device), event(the_device.type()), value(at::zeros({}, at::kBool).pin_memory()) {}
  c10::Device device;
  c10::Event event;
  at::Tensor value;
  bool under_way = false;
};

AsyncDeviceFlag::AsyncDeviceFlag(const c10::Device& device) {
  if (device.is_cuda()) copy_ = std::make_unique<Copy>(device);
}

AsyncDeviceFlag::~AsyncDeviceFlag() {
  // The copy must not land in memory that was given back.
  if (copy_ && copy_->under_way) copy_->event.synchronize();
}

bool AsyncDeviceFlag::Post(const at::Tensor& flag) {
  if (flag.is_cpu()) return flag.item<bool>();
  if (!copy_) return false;
  if (copy_->under_way) {
    if (!copy_->event.query()) return false;
    copy_->under_way = false;
    if (*copy_->value.const_data_ptr<bool>()) return true;
  }
  copy_->value.copy_(flag, /*non_blocking=*/true);
  copy_->event.record(c10::impl::VirtualGuardImpl(copy_->device.type()).getStream(copy_->device));
  copy_->under_way = true;
  return false;
}

void Synchronize(const c10::Device& device) {
  if (!device.is_cpu()) c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
}

double MeasureMatmulRate(const c10::Device& device, c10::ScalarType dtype) {
  constexpr int64_t kSize = 1024;
  constexpr int kTries = 5;  // the first also wakes threads and loads kernels
  const auto options = at::TensorOptions().dtype(dtype).device(device);
  const at::Tensor a = at::full({kSize, kSize}, 0.5, options);
  const at::Tensor b = at::full({kSize, kSize}, 0.25, options);
  double best_seconds = 0;
  for (int i = 0; i < kTries; ++i) {
    Synchronize(device);
    const auto start = std::chrono::steady_clock::now();
    at::mm(a, b);
    Synchronize(device);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i == 0 || seconds < best_seconds) best_seconds = seconds;
  }
  return 2.0 * kSize * kSize * kSize / std::max(best_seconds, 1e-9);
}

}  // namespace tint

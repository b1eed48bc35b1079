// Where and in which precision to compute: the one place that chooses.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <memory>
#include <string>

namespace tint {

// "auto" (CUDA if it can be used, else the CPU), "cpu", "cuda", "cuda:N". Opens libtorch_cuda.so on demand; a device
// that was asked for and is absent: Error(kNoDevice) that says what is missing.
c10::Device ChooseDevice(const std::string& name);

// A hook for tests alone: while it lives, ChooseDevice("auto") answers with `device`, a registered backend that is
// neither the CPU nor CUDA, and DeviceClass with `name`. Nothing outside tests can set it.
class ScopedDevice {
 public:
  ScopedDevice(const c10::Device& device, std::string name);
  ~ScopedDevice();
  ScopedDevice(const ScopedDevice&) = delete;
  ScopedDevice& operator=(const ScopedDevice&) = delete;
};

// "float32", "bfloat16", "float16".
c10::ScalarType ParseDtype(const std::string& name);
std::string DtypeName(c10::ScalarType dtype);

// "cpu" or the GPU's model name: what enters an artifact's key.
std::string DeviceClass(const c10::Device& device);

// Sets LibTorch's arithmetic threads (0 = number of cores) and forbids nondeterministic operators. Call once, first.
// Returns the number of threads.
int SetUpTensorLibrary(int threads);

// "2.11.0": of the LibTorch that runs.
std::string TorchVersion();

// Lets both peaks begin anew. Where the kernel does not allow it, the host's goes on from before.
void ResetPeaks(const c10::Device& device);
// Peak resident memory of this process (VmHWM) and peak allocated device memory, in bytes. The device's is 0 on the CPU
// and before the first allocation on the device.
uint64_t PeakHostBytes();
uint64_t PeakDeviceBytes(const c10::Device& device);
// What this process holds now (resident, or allocated on the device), and what it could still take: free memory of the
// machine within its control group's limit, or of the device. 0: not known.
uint64_t HeldBytes(const c10::Device& device);
uint64_t AvailableBytes(const c10::Device& device);

// A yes from the device that the host need not wait for: it is copied in the background and read once it is there.
// Late on a device, at once on the CPU; so use it only where asking again, later or never, changes no result.
class AsyncDeviceFlag {
 public:
  explicit AsyncDeviceFlag(const c10::Device& device);
  ~AsyncDeviceFlag();
  AsyncDeviceFlag(const AsyncDeviceFlag&) = delete;
  AsyncDeviceFlag& operator=(const AsyncDeviceFlag&) = delete;
  // `flag` is a bool scalar on the device. True if this one, or an earlier one, is known to be true.
  bool Post(const at::Tensor& flag);

 private:
  struct Copy;
  std::unique_ptr<Copy> copy_;
};

// Best rate of a matrix product of 1024x1024 over a few tries, in FLOP/s: the yardstick of estimates and of `bench`.
double MeasureMatmulRate(const c10::Device& device, c10::ScalarType dtype);

// Waits for the device: around measurements of time.
void Synchronize(const c10::Device& device);

}  // namespace tint

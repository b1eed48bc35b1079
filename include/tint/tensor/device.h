// SPDX-License-Identifier: Apache-2.0
// Where to compute: the one place that chooses, and how LibTorch is set up.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace tint {

// "auto" (CUDA if it can be used, else the CPU), "cpu", "cuda", "cuda:N". Opens libtorch_cuda.so on demand; a device
// that is absent: Error(kNoDevice) that says what is missing.
c10::Device ChooseDevice(const std::string& name);

// For tests only: while it lives, ChooseDevice("auto") answers with `device`, a registered backend that is neither the
// CPU nor CUDA, and DeviceClass with `name`. Nothing outside tests can set it.
class ScopedDevice {
 public:
  ScopedDevice(const c10::Device& device, std::string name);
  ~ScopedDevice();
  ScopedDevice(const ScopedDevice&) = delete;
  ScopedDevice& operator=(const ScopedDevice&) = delete;
};

// "cpu" or the GPU's model name: part of an artifact's key.
std::string DeviceClass(const c10::Device& device);

// Sets LibTorch's intra-op threads (0: one per core), forbids nondeterministic operators and keeps freed blocks of
// memory (memory.h). Call once, first. Returns the number of threads.
int SetUpTensorLibrary(int threads);

// "2.11.0": of the LibTorch that runs.
std::string TorchVersion();

// Waits for the device: around measurements of time.
void Synchronize(const c10::Device& device);

}  // namespace tint

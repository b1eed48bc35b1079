// Where and in which precision to compute: the one place that chooses.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace tint {

// "auto" (CUDA if it can be used, else the CPU), "cpu", "cuda", "cuda:N". Opens libtorch_cuda.so on demand; a device
// that was asked for and is absent: Error(kNoDevice) that says what is missing.
c10::Device ChooseDevice(const std::string& name);

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
// Peak resident memory of this process (VmHWM) and peak allocated device memory, in bytes (0 on the CPU).
uint64_t PeakHostBytes();
uint64_t PeakDeviceBytes(const c10::Device& device);

// Best rate of a float32 matrix product of 1024x1024 over a few tries, in FLOP/s: the yardstick of estimates.
double MeasureMatmulRate(const c10::Device& device);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Memory of this process and of the device: its peak, what is held, what is available, and what is kept when freed.
#pragma once

#include <c10/core/Device.h>

#include <cstdint>

namespace tint {

// Resets both peaks. Where the kernel does not allow it, the host's continues from before.
void ResetPeaks(const c10::Device& device);
// Peak resident memory of this process (VmHWM) and peak allocated device memory, in bytes. The device's is 0 on the CPU
// and before the first allocation on the device.
uint64_t PeakHostBytes();
uint64_t PeakDeviceBytes(const c10::Device& device);
// What this process holds now (resident, or allocated on the device), and what it could still take: free memory of the
// machine within its control group's limit, or of the device. 0: unknown.
uint64_t HeldBytes(const c10::Device& device);
uint64_t AvailableBytes(const c10::Device& device);

// Both set glibc's malloc for the whole process: a block that is given back to the system at each step is cleared by
// the kernel again each time. KeepFreedBlocks keeps freed blocks of up to 32 MiB (at most 1 GiB at the end of the
// heap); SetUpTensorLibrary calls it. KeepFreedMemory keeps those of any size, for training, which allocates the same
// large activations at each step: on two cores a third of a Conv4 step.
void KeepFreedBlocks();
void KeepFreedMemory();

}  // namespace tint

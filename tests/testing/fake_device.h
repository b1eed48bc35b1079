// SPDX-License-Identifier: Apache-2.0
// A test double for "another device": tensors on device "fake" live in host memory behind unusable pointers, and
// every operator runs as the CPU kernel on an alias. It is as strict about devices as CUDA, and counts transfers.
//
// It catches tensors on the wrong device, CPU generators and constants, host code that follows a device pointer, and
// every value that the host waits for. It cannot catch asynchrony, races, CUDA's own numerics, limits of memory, pinned
// memory or several devices. PrivateUse1 backends become the accelerator of their process: link it only where meant.
#pragma once
#include <ATen/record_function.h>
#include <c10/core/Device.h>

#include <cstddef>
#include <string>
#include <vector>

namespace torch::jit {
struct Module;
}

namespace tint::testing::fake {

// Registers the backend on first use. Call it early: the autograd engine counts devices once, at the first backward.
c10::Device device();

// Makes the allocator uninitialized again, as in a process that has not allocated on the device: its statistics throw
// until the next allocation.
void ForgetAllocator();

enum class Kind { kHostToDevice, kDeviceToHost, kSync, kDeviceRandom };

struct Event {
  Kind kind;
  std::string op;     // The operator that did it, e.g. "aten::_local_scalar_dense".
  std::string stack;  // Who called it: "denoise step > forward > aten::to > aten::copy_ > ...".
  size_t bytes;
};
std::string ToString(const std::vector<Event>& events);

// Records what crosses between host and device, on all threads, while it lives. One at a time.
class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  std::vector<Event> Events() const;
  size_t Count(Kind kind) const;

 private:
  at::CallbackHandle handle_;
};

// Tracing writes torch.device("cpu") into the graph, and Module::to does not change it. This does; call it before
// the first forward.
void RetargetDeviceConstants(const torch::jit::Module& module, c10::Device device);

}  // namespace tint::testing::fake

// SPDX-License-Identifier: Apache-2.0
// A flag computed on a device that the host reads without waiting.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <memory>

namespace tint {

// The flag is copied in the background and read once it has arrived: late on a device, at once on the CPU. Use it only
// where a late answer, or none, changes no result.
class AsyncDeviceFlag {
 public:
  explicit AsyncDeviceFlag(const c10::Device& device);
  ~AsyncDeviceFlag();
  AsyncDeviceFlag(const AsyncDeviceFlag&) = delete;
  AsyncDeviceFlag& operator=(const AsyncDeviceFlag&) = delete;
  // `flag` is a bool scalar on the device. True if this one, or an earlier one, is known to be true.
  bool Poll(const at::Tensor& flag);

 private:
  struct Copy;
  std::unique_ptr<Copy> copy_;
};

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/async_flag.h"

#include <ATen/ops/zeros.h>
#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>

namespace tint {

// Pinned memory and an event: the value may be read once the event, which follows the copy, has happened.
struct AsyncDeviceFlag::Copy {
  explicit Copy(const c10::Device& the_device)
      : device(the_device), event(the_device.type()), value(at::zeros({}, at::kBool).pin_memory()) {}
  c10::Device device;
  c10::Event event;
  at::Tensor value;
  bool in_flight = false;
};

AsyncDeviceFlag::AsyncDeviceFlag(const c10::Device& device) {
  if (device.is_cuda()) copy_ = std::make_unique<Copy>(device);
}

AsyncDeviceFlag::~AsyncDeviceFlag() {
  // The copy must not be written to freed memory.
  if (copy_ && copy_->in_flight) copy_->event.synchronize();
}

bool AsyncDeviceFlag::Poll(const at::Tensor& flag) {
  if (flag.is_cpu()) return flag.item<bool>();
  if (!copy_) return false;
  if (copy_->in_flight) {
    if (!copy_->event.query()) return false;
    copy_->in_flight = false;
    if (*copy_->value.const_data_ptr<bool>()) return true;
  }
  copy_->value.copy_(flag, /*non_blocking=*/true);
  copy_->event.record(c10::impl::VirtualGuardImpl(copy_->device.type()).getStream(copy_->device));
  copy_->in_flight = true;
  return false;
}

}  // namespace tint

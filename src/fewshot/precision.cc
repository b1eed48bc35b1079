// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/precision.h"

#include <ATen/autocast_mode.h>

#include "tint/cpu/cpu_isa.h"

namespace tint {

void DeclarePrecision(OptionList& list, TrainingPrecision* precision) {
  list.Add("precision", precision,
           "Precision of convolutions and matrix products in training; auto: bfloat16 where the processor "
           "or GPU supports it natively, else float32.");
}

bool UsesBfloat16(TrainingPrecision precision, const c10::Device& device) {
  return precision == TrainingPrecision::kBfloat16 ||
         (precision == TrainingPrecision::kAuto && HasFastBfloat16(device));
}

Autocast::Autocast(const c10::Device& device, bool on)
    : device_(device.type()), before_(at::autocast::is_autocast_enabled(device.type())) {
  at::autocast::set_autocast_enabled(device_, on);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
}

Autocast::~Autocast() {
  at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, before_);
}

}  // namespace tint

#include "tint/fewshot/precision.h"

#include <ATen/autocast_mode.h>

#include "tint/cpu/processor.h"

namespace tint {

void DeclarePrecision(OptionList& list, std::string* precision) {
  list.Add("precision", precision,
           "Arithmetic of convolutions and matrix products in training; auto: bfloat16 where the processor or GPU "
           "computes with it, else float32.")
      .Choices({"auto", "float32", "bfloat16"});
}

bool UsesBfloat16(const std::string& precision, const c10::Device& device) {
  return precision == "bfloat16" || (precision == "auto" && HasFastBfloat16(device));
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

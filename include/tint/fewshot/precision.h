// In what numbers students train.
#pragma once

#include <c10/core/Device.h>

#include <string>

#include "tint/options/option.h"

namespace tint {

// --precision of the trainings. `auto`, bfloat16 where it pays (HasFastBfloat16), differs from machine to machine.
void DeclarePrecision(OptionList& list, std::string* precision);

// What `precision` comes to on a device.
bool UsesBfloat16(const std::string& precision, const c10::Device& device);

// While it lives and is `on`: convolutions and matrix products in bfloat16, whatever their inputs; weights and all
// other operators as they are.
class Autocast {
 public:
  Autocast(const c10::Device& device, bool on);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  c10::DeviceType device_;
  bool before_;
};

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Precision of the training of students.
#pragma once

#include <c10/core/Device.h>

#include "tint/options/option.h"

namespace tint {

enum class TrainingPrecision { kAuto, kFloat32, kBfloat16 };
template <>
struct EnumNames<TrainingPrecision> {
  static constexpr EnumName<TrainingPrecision> kNames[] = {{TrainingPrecision::kAuto, "auto"},
                                                           {TrainingPrecision::kFloat32, "float32"},
                                                           {TrainingPrecision::kBfloat16, "bfloat16"}};
};

// --precision of the trainings. `auto`, bfloat16 where it is faster (HasFastBfloat16), differs from machine to machine.
void DeclarePrecision(OptionList& list, TrainingPrecision* precision);

// Whether `precision` means bfloat16 on a device.
bool UsesBfloat16(TrainingPrecision precision, const c10::Device& device);

// While it exists and is `on`, convolutions and matrix products are computed in bfloat16, whatever their inputs;
// weights and all other operators are unchanged.
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

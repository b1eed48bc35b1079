// SPDX-License-Identifier: Apache-2.0
// Options shared by pretrain student and pretrain teacher.
#pragma once

#include <cstdint>
#include <string>

#include "tint/stages/options.h"

namespace tint {

struct TrainingOptions {
  std::string dataset, models, work, validation;
  std::string split = "train", device = "auto";
  int64_t validation_episodes = 0, image_size = 0, seed = 0, threads = 0;
  bool dry_run = false;  // set by the command, from ShellOptions

  // Data and folders; and, after the options of the command, image size, seed and device.
  void DeclareData(OptionList& list, const std::string& models_help);
  void DeclareMachine(OptionList& list, const std::string& image_size_help);
};

}  // namespace tint

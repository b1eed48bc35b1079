// What pretrain student and pretrain teacher are asked alike.
#pragma once

#include <cstdint>
#include <string>

#include "tint/stages/options.h"

namespace tint {

struct TrainingOptions {
  std::string dataset, models, work, validation;
  std::string split = "train", device = "auto";
  int64_t validation_episodes = 0, image_size = 0, seed = 0, threads = 0;
  ShellOptions shell;

  // What to train and validate on, and where; then, after a command's own options, sizes and machine.
  void DeclareData(OptionList& list, const std::string& models_help);
  void DeclareMachine(OptionList& list, const std::string& image_size_help);
};

}  // namespace tint

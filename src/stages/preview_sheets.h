// SPDX-License-Identifier: Apache-2.0
// Images of what the learned words mean so far, while textual inversion runs.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tint/inversion/textual_inversion.h"
#include "tint/models/modules.h"
#include "tint/stages/run_settings.h"

namespace tint {

// The same noise each time, so that sheets can be compared.
class PreviewSheets {
 public:
  struct Options {
    double guidance;
    int64_t image_size;  // of the diffusion model
  };
  PreviewSheets(const Options& options, const RunEpisode& episode, const RunSettings& settings, Autoencoder autoencoder)
      : options_(options), episode_(episode), settings_(settings), autoencoder_(std::move(autoencoder)) {}

  // vectors [P, n, D] of P classes -> a contact sheet (PNG), one row for each class.
  std::string Draw(const TextualInversionSetting& setting, const std::vector<int64_t>& classes,
                   const at::Tensor& vectors) const;

 private:
  at::Tensor Noise(const DenoiserConfig& facts, int64_t class_idx) const;

  Options options_;
  const RunEpisode& episode_;
  const RunSettings& settings_;
  Autoencoder autoencoder_;
};

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The result of null-text-inversion: each support photo's path into noise, and the embeddings that lead back along it.
//
//   <class>.safetensors   K photos of the class in the task's order, N timesteps, latents [C, h, w], L tokens of width
//   F:
//     latents        float32 [K, C, h, w]  the noise end of each path
//     start          float32 [K, C, h, w]  the encoded photos, the other end
//     unconditional  float32 [K, N, L, F]  the optimised embeddings of the empty prompt, one for each timestep
//     timesteps      int64   [N]           falling, from noise to image
//     initial_loss   float32 [K, N]        distance to the path before the inner steps of a timestep
//     loss           float32 [K, N]        and after them
//     inner_steps    int64   [K, N]        inner steps that were taken
//   contact.png           contact_sheets.h: three rows for each class: photos, autoencoder alone, reconstructions
//
// The last three tensors are absent where the inversion was imported (--null-text-inversion.inverted) or nothing was
// optimised. A file to be imported needs latents, unconditional and timesteps.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"

namespace tint {

// Undefined tensors are absent from the file.
struct NullTextPaths {
  at::Tensor latents, start, unconditional;
  std::vector<int64_t> timesteps;
  at::Tensor initial_loss, loss, inner_steps;

  void Write(const std::string& stem, StageWriter& writer) const;
  // Error(kCorrupt) unless latents, unconditional and timesteps are there and their shapes agree.
  static NullTextPaths Read(const CompletedStage& inversion, const std::string& stem);
};

// Sizes that a model requires; -1: any.
struct NullTextShape {
  int64_t latent_channels = -1, context_length = -1, context_width = -1;
};
// `bytes` of `file`, which may come from elsewhere: each tensor has its dtype and the sizes of `shape`, else
// Error(kCorrupt). Only latents, unconditional and timesteps are read; whether K and N agree is for the caller to
// check.
NullTextPaths ParseNullTextPaths(std::string_view bytes, const std::string& file, const NullTextShape& shape = {});

}  // namespace tint

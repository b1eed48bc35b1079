// SPDX-License-Identifier: Apache-2.0
// TorchScript modules small enough to check by hand, written as source.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <utility>
#include <vector>

#include "tint/models/script_module.h"

namespace tint::testing {

using NamedValues = std::vector<std::pair<std::string, at::Tensor>>;

// A module with these parameters, buffers and methods ("def forward(self, x: Tensor) -> Tensor:\n  return x\n").
ScriptModule MakeModule(const std::string& source, const NamedValues& parameters = {}, const NamedValues& buffers = {});

// latents * weight + mean of context + timestep: [B, C, h, w].
ScriptModule TinyDenoiser();
// encode: means over 8 x 8 cells of the three channels; decode: repeats them.
ScriptModule TinyAutoencoder();
// embed: row of a table [vocabulary, width]; forward: embeddings * 2.
ScriptModule TinyTextEncoder(int64_t vocabulary, int64_t width);
// Repeats pixels `factor` times and adds 0.25.
ScriptModule TinyUpscaler(int64_t factor);
// Spatial means of the three channels: [B, 3].
ScriptModule TinyTeacher();

}  // namespace tint::testing

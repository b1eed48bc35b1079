// SPDX-License-Identifier: Apache-2.0
// What null-text inversion keeps of its photos: the checkpoint of a batch, and all of the episode at the end.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <string>
#include <vector>

#include "tint/inversion/null_text.h"

namespace tint {

// The bytes of a checkpoint `file`; restored on `device`.
std::string SerializeNullText(NullTextState state);
NullTextState ParseNullText(const std::string& bytes, const std::string& file, const c10::Device& device);

// What is known of the photos once all are inverted, in the order of the episode.
struct Inverted {
  at::Tensor latents, start, end;              // [K, C, h, w] noise ends, encoded photos, ends of the guided walk
  at::Tensor unconditional;                    // [K, N, L, F]
  at::Tensor loss, initial_loss, inner_steps;  // [K, N]; undefined where they were inverted elsewhere
};
// Of batches, in order; on the CPU.
Inverted GatherInverted(const std::vector<NullTextState>& states);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "null_text_state.h"

#include <ATen/ATen.h>

#include <functional>
#include <map>

#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

// The checkpoint holds the state's tensors under these names.
std::map<std::string, at::Tensor*> PartsOf(NullTextState* state) {
  return {{"latents", &state->latents},
          {"current", &state->current},
          {"first_moment", &state->first_moment},
          {"second_moment", &state->second_moment},
          {"unconditional", &state->unconditional},
          {"loss", &state->loss},
          {"initial_loss", &state->initial_loss},
          {"inner_steps", &state->inner_steps}};
}

}  // namespace

std::string SerializeNullText(NullTextState state) {
  NamedTensors tensors{{"path", at::stack(state.path)}, {"progress", at::tensor({state.step_idx, state.passes})}};
  for (const auto& [name, tensor] : PartsOf(&state)) tensors[name] = *tensor;
  return SerializeSafetensors(tensors);
}

NullTextState ParseNullText(const std::string& bytes, const std::string& file, const c10::Device& device) {
  const NamedTensors tensors = ParseSafetensors(bytes, file);
  NullTextState state;
  for (const auto& [name, tensor] : PartsOf(&state)) *tensor = tensors.at(name).to(device);
  state.path = tensors.at("path").to(device).unbind(0);
  state.step_idx = tensors.at("progress")[0].item<int64_t>();
  state.passes = tensors.at("progress")[1].item<int64_t>();
  return state;
}

Inverted GatherInverted(const std::vector<NullTextState>& states) {
  const auto all = [&](const std::function<at::Tensor(const NullTextState&)>& part) {
    std::vector<at::Tensor> parts;
    for (const NullTextState& state : states) parts.push_back(part(state).cpu());
    return at::cat(parts);
  };
  return {.latents = all([](const NullTextState& s) { return s.path.back(); }),
          .start = all([](const NullTextState& s) { return s.path.front(); }),
          .end = all([](const NullTextState& s) { return s.latents; }),
          .unconditional = all([](const NullTextState& s) { return s.unconditional; }),
          .loss = all([](const NullTextState& s) { return s.loss; }),
          .initial_loss = all([](const NullTextState& s) { return s.initial_loss; }),
          .inner_steps = all([](const NullTextState& s) { return s.inner_steps; })};
}

}  // namespace tint

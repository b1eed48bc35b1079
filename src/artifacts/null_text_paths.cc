// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/null_text_paths.h"

#include <ATen/ops/tensor.h>

#include "tint/artifacts/layout.h"
#include "tint/tensor/safetensors.h"

namespace tint {

void NullTextPaths::Write(const std::string& stem, StageWriter& writer) const {
  NamedTensors tensors{
      {"latents", latents}, {"unconditional", unconditional}, {"timesteps", at::tensor(timesteps, at::kLong)}};
  if (start.defined()) tensors["start"] = start;
  if (loss.defined()) tensors["loss"] = loss;
  if (initial_loss.defined()) tensors["initial_loss"] = initial_loss;
  if (inner_steps.defined()) tensors["inner_steps"] = inner_steps;
  writer.Put(ClassTensorFile(stem), SerializeSafetensors(tensors));
}

NullTextPaths NullTextPaths::Read(const CompletedStage& inversion, const std::string& stem) {
  const std::string name = ClassTensorFile(stem), file = (inversion.folder() / name).string();
  const std::string bytes = inversion.Read(name);
  NullTextPaths paths = ParseNullTextPaths(bytes, file);
  const int64_t photos = paths.latents.size(0), steps = static_cast<int64_t>(paths.timesteps.size());
  RequireTensor({{"unconditional", paths.unconditional}}, "unconditional", {photos, steps, -1, -1}, at::kFloat, file);
  const NamedTensors tensors = ParseSafetensors(bytes, file);
  const auto optional = [&](const char* tensor, c10::IntArrayRef sizes, at::ScalarType dtype) {
    return tensors.count(tensor) > 0 ? RequireTensor(tensors, tensor, sizes, dtype, file) : at::Tensor();
  };
  paths.start = optional("start", paths.latents.sizes(), at::kFloat);
  paths.initial_loss = optional("initial_loss", {photos, steps}, at::kFloat);
  paths.loss = optional("loss", {photos, steps}, at::kFloat);
  paths.inner_steps = optional("inner_steps", {photos, steps}, at::kLong);
  return paths;
}

NullTextPaths ParseNullTextPaths(std::string_view bytes, const std::string& file, const NullTextShape& shape) {
  const NamedTensors tensors = ParseSafetensors(bytes, file);
  NullTextPaths paths;
  paths.latents = RequireTensor(tensors, "latents", {-1, shape.latent_channels, -1, -1}, at::kFloat, file);
  paths.unconditional =
      RequireTensor(tensors, "unconditional", {-1, -1, shape.context_length, shape.context_width}, at::kFloat, file);
  const at::Tensor steps = RequireTensor(tensors, "timesteps", {-1}, at::kLong, file).contiguous();
  paths.timesteps.assign(steps.const_data_ptr<int64_t>(), steps.const_data_ptr<int64_t>() + steps.numel());
  return paths;
}

}  // namespace tint

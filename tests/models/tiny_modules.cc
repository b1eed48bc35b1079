// SPDX-License-Identifier: Apache-2.0
#include "tiny_modules.h"

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

namespace tint::testing {

ScriptModule MakeModule(const std::string& source, const NamedValues& parameters, const NamedValues& buffers) {
  torch::jit::Module module("__torch__.Tiny");
  module.register_attribute("training", c10::BoolType::get(), true);
  for (const auto& [name, value] : parameters)
    module.register_parameter(name, value.clone().requires_grad_(true), false);
  for (const auto& [name, value] : buffers) module.register_buffer(name, value.clone());
  module.define(source);
  return ScriptModule(module, "tiny.pt");
}

ScriptModule TinyDenoiser() {
  return MakeModule(
      "def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:\n"
      "  c = torch.mean(context, [1, 2])\n"
      "  shift = torch.reshape(c + torch.to(timesteps, c), [-1, 1, 1, 1])\n"
      "  return latents * self.weight + shift\n",
      {{"weight", at::full({1}, 2.0)}});
}

ScriptModule TinyAutoencoder() {
  return MakeModule(
      "def encode(self, image: Tensor) -> Tensor:\n"
      "  return torch.avg_pool2d(image, [8, 8]) * self.one\n"
      "def decode(self, latents: Tensor) -> Tensor:\n"
      "  return torch.repeat_interleave(torch.repeat_interleave(latents, 8, 2), 8, 3) * self.one\n",
      {{"one", at::ones({1})}});
}

ScriptModule TinyTextEncoder(int64_t vocabulary, int64_t width) {
  return MakeModule(
      "def embed(self, ids: Tensor) -> Tensor:\n"
      "  return torch.embedding(self.table, ids)\n"
      "def forward(self, embeddings: Tensor) -> Tensor:\n"
      "  return embeddings * 2\n",
      {{"table", at::arange(vocabulary * width, at::kFloat).reshape({vocabulary, width})}});
}

ScriptModule TinyUpscaler(int64_t factor) {
  const std::string f = std::to_string(factor);
  return MakeModule(
      "def forward(self, image: Tensor) -> Tensor:\n"
      "  return torch.repeat_interleave(torch.repeat_interleave(image, " +
          f + ", 2), " + f + ", 3) + self.shift\n",
      {{"shift", at::full({1}, 0.25)}});
}

ScriptModule TinyTeacher() {
  return MakeModule(
      "def forward(self, image: Tensor) -> Tensor:\n"
      "  return torch.mean(image, [2, 3]) * self.one\n",
      {{"one", at::ones({1})}});
}

}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
#include "closed_form_world.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "../models/tiny_modules.h"
#include "files.h"
#include "tint/diffusion/noise_schedule.h"

namespace tint::testing {
namespace {

DenoiserConfig Facts(int64_t channels) {
  return {
      .sample_size = 8, .latent_channels = channels, .context_length = kContextLength, .context_width = kContextWidth};
}

at::Tensor AlphaBars() { return at::tensor(NoiseSchedule().alpha_bars(), at::kDouble); }

// Weights of variance 1 / fan-in, the same in every run.
class SeededWeights {
 public:
  explicit SeededWeights(uint64_t seed) : generator_(at::make_generator<at::CPUGeneratorImpl>(seed)) {}
  at::Tensor operator()(std::vector<int64_t> shape, int64_t fan_in) {
    return at::randn(shape, generator_, at::TensorOptions(at::kDouble)) / std::sqrt(static_cast<double>(fan_in));
  }

 private:
  at::Generator generator_;
};

}  // namespace

Denoiser GaussianDenoiser(double std) {
  return Denoiser(MakeModule("def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:\n"
                             "  a = self.abar[timesteps].reshape([-1, 1, 1, 1])\n"
                             "  mu = torch.mean(context, [1, 2]).reshape([-1, 1, 1, 1])\n"
                             "  spread = a * self.std * self.std + 1 - a\n"
                             "  return torch.sqrt(1 - a) * (latents - torch.sqrt(a) * mu) / spread\n",
                             {}, {{"abar", AlphaBars()}, {"std", at::full({1}, std, at::kDouble)}}),
                  Facts(4));
}

Denoiser RampDenoiser() {
  return Denoiser(MakeModule("def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:\n"
                             "  t = timesteps * self.one\n"
                             "  return latents * (t / (t + self.one)).reshape([-1, 1, 1, 1])\n",
                             {}, {{"one", at::ones({1}, at::kDouble)}}),
                  Facts(2));
}

Denoiser NonlinearDenoiser() {
  constexpr int64_t kHidden = 5;
  SeededWeights weights(1);
  const NamedValues parameters = {{"into", weights({kHidden, 2, 3, 3}, 18)},
                                  {"time", weights({2, kHidden}, 2)},
                                  {"query", weights({kHidden, kHidden}, kHidden)},
                                  {"key", weights({kContextWidth, kHidden}, kContextWidth)},
                                  {"value", weights({kContextWidth, kHidden}, kContextWidth)},
                                  {"out", weights({2, kHidden, 3, 3}, 9 * kHidden)}};
  return Denoiser(
      MakeModule("def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:\n"
                 "  t = timesteps.to(latents.dtype).unsqueeze(1)\n"
                 "  waves = torch.cat([torch.sin(t / 50), torch.cos(t / 300)], 1)\n"
                 "  h = torch.conv2d(latents, self.into, None, 1, 1) + torch.mm(waves, self.time)[:, :, None, None]\n"
                 "  pixels = torch.tanh(h).flatten(2).transpose(1, 2)\n"
                 "  match = torch.matmul(torch.matmul(pixels, self.query),\n"
                 "                       torch.matmul(context, self.key).transpose(1, 2))\n"
                 "  read = torch.matmul(torch.softmax(match, -1), torch.matmul(context, self.value))\n"
                 "  h = torch.tanh(pixels + read).transpose(1, 2).reshape(h.shape)\n"
                 "  return torch.conv2d(h, self.out, None, 1, 1)\n",
                 parameters),
      Facts(2));
}

TextEncoder MeanTextEncoder() {
  const at::Tensor table = at::zeros({ClipTokenizer::kVocabularySize, kEmbeddingWidth}, at::kDouble);
  return TextEncoder(MakeModule("def embed(self, ids: Tensor) -> Tensor:\n"
                                "  return torch.embedding(self.table, ids)\n"
                                "def forward(self, embeddings: Tensor) -> Tensor:\n"
                                "  return 8 * torch.mean(embeddings, 2, True).expand([-1, 8, 3])\n",
                                {{"table", table}}),
                     {.embedding_width = kEmbeddingWidth,
                      .context_width = kContextWidth,
                      .context_length = kContextLength,
                      .vocabulary_size = ClipTokenizer::kVocabularySize});
}

TextEncoder NonlinearTextEncoder(int64_t vocabulary) {
  SeededWeights weights(2);
  const NamedValues parameters = {{"table", weights({vocabulary, kEmbeddingWidth}, 1)},
                                  {"position", weights({kContextLength, kEmbeddingWidth}, 1)},
                                  {"mix", weights({kEmbeddingWidth, kEmbeddingWidth}, kEmbeddingWidth)},
                                  {"out", weights({kEmbeddingWidth, kContextWidth}, kEmbeddingWidth)}};
  const at::Tensor later = at::ones({kContextLength, kContextLength}, at::kDouble).triu(1) * -1e9;
  return TextEncoder(
      MakeModule("def embed(self, ids: Tensor) -> Tensor:\n"
                 "  return torch.embedding(self.table, ids)\n"
                 "def forward(self, embeddings: Tensor) -> Tensor:\n"
                 "  x = embeddings + self.position\n"
                 "  match = torch.matmul(torch.matmul(x, self.mix), x.transpose(1, 2)) + self.later\n"
                 "  return torch.tanh(torch.matmul(x + torch.matmul(torch.softmax(match, -1), x), self.out))\n",
                 parameters, {{"later", later}}),
      {.embedding_width = kEmbeddingWidth,
       .context_width = kContextWidth,
       .context_length = kContextLength,
       .vocabulary_size = vocabulary});
}

ClipTokenizer RealTokenizer() { return ClipTokenizer(ReadAll(TINT_CLIP_MODEL), "clip.model"); }

at::Tensor ConstantContext(double value, int64_t batch) {
  return at::full({batch, kContextLength, kContextWidth}, value, at::kDouble);
}

}  // namespace tint::testing

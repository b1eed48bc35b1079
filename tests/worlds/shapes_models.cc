// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <torch/script.h>

#include <algorithm>
#include <cmath>

#include "shapes_world.h"
#include "tint/base/durable.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/diffusion/noise_schedule.h"
#include "tint/models/model_set.h"
#include "tint/models/script_module.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kImageSize = 64;
constexpr int64_t kLatentSide = 8;
constexpr int64_t kChannels = 4;
constexpr int64_t kWidth = 32;   // of token vectors and context
constexpr int64_t kLength = 16;  // tokens of a prompt

// Latents: the mean colour of each 8x8 block, and its luma.
torch::jit::Module AutoencoderModule() {
  torch::jit::Module m("BlockAutoencoder");
  m.define(R"JIT(
def encode(self, image: Tensor) -> Tensor:
    colour = torch.avg_pool2d(image, [8, 8], [8, 8])
    return torch.cat([colour, colour.mean([1], True)], 1)

def decode(self, latents: Tensor) -> Tensor:
    side = latents.size(2) * 8
    return torch.upsample_bilinear2d(latents[:, :3], [side, latents.size(3) * 8], False)
)JIT");
  return m;
}

// Token vectors from the id alone, small and fixed; the context is the vectors themselves, made a little nonlinear.
torch::jit::Module TextEncoderModule() {
  torch::jit::Module m("SineTextEncoder");
  m.register_buffer("frequency", at::arange(1, kWidth + 1, at::kFloat) * 0.7);
  m.define(R"JIT(
def embed(self, ids: Tensor) -> Tensor:
    return 0.02 * torch.sin(ids.unsqueeze(-1) * self.frequency)

def forward(self, embeddings: Tensor) -> Tensor:
    return torch.tanh(embeddings)
)JIT");
  return m;
}

// Rows: low-frequency cosines over the latent square, for each colour channel: what mu(context) is made of.
at::Tensor CosineBasis() {
  std::vector<at::Tensor> rows;
  const at::Tensor position = (at::arange(kLatentSide, at::kFloat) + 0.5) * (M_PI / static_cast<double>(kLatentSide));
  for (int64_t order = 0; order < 3 && static_cast<int64_t>(rows.size()) < kWidth; ++order) {
    for (int64_t v = 0; v <= order; ++v) {
      const int64_t u = order - v;
      for (int64_t c = 0; c < 3; ++c) {
        at::Tensor row = at::zeros({kChannels, kLatentSide, kLatentSide});
        const at::Tensor wave =
            at::outer(at::cos(position * static_cast<double>(u)), at::cos(position * static_cast<double>(v)));
        row[c] = wave;
        row[3] = wave / 3.0;
        rows.push_back(row.reshape({-1}));
      }
    }
  }
  while (static_cast<int64_t>(rows.size()) < kWidth) rows.push_back(at::zeros({kChannels * kLatentSide * kLatentSide}));
  return at::stack(rows);
}

// Latents are N(mu, s^2) in each element, mu = 2 sum_l context_l B: the perfect predictor of their noise is
// eps = sqrt(1 - abar_t) (z - sqrt(abar_t) mu) / (abar_t s^2 + 1 - abar_t).
torch::jit::Module DenoiserModule() {
  torch::jit::Module m("GaussianDenoiser");
  m.register_buffer("abar", at::tensor(NoiseSchedule().alpha_bars(), at::kFloat));
  m.register_buffer("basis", CosineBasis());
  m.define(R"JIT(
def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
    a = self.abar[timesteps].reshape(-1, 1, 1, 1)
    mu = 2.0 * torch.matmul(context.sum([1]), self.basis).reshape(latents.size(0), 4, 8, 8)
    variance = 0.0225
    return torch.sqrt(1 - a) * (latents - torch.sqrt(a) * mu) / (a * variance + 1 - a)
)JIT");
  return m;
}

// The noise eps(z, t) for which the move between t and the timestep before it, sqrt(abar_s/abar_t) z + (sqrt(1 -
// abar_s)
// - sqrt(abar_s (1 - abar_t)/abar_t)) eps, is z itself. `+ 0 * context` keeps the gradient to the prompt defined.
torch::jit::Module StillDenoiserModule(int64_t steps) {
  torch::jit::Module m("StillDenoiser");
  const NoiseSchedule schedule;
  const std::vector<double>& abars = schedule.alpha_bars();
  const auto stride = static_cast<int64_t>(abars.size()) / steps;
  std::vector<double> factors(abars.size());
  for (size_t t = 1; t < abars.size(); ++t) {
    const double abar_t = abars[t],
                 abar_s = abars[static_cast<size_t>(std::max<int64_t>(static_cast<int64_t>(t) - stride, 0))];
    factors[t] = (1 - std::sqrt(abar_s / abar_t)) / (std::sqrt(1 - abar_s) - std::sqrt(abar_s * (1 - abar_t) / abar_t));
  }
  m.register_buffer("factors", at::tensor(factors, at::kFloat));
  m.define(R"JIT(
def forward(self, latents: Tensor, timesteps: Tensor, context: Tensor) -> Tensor:
    return latents * self.factors[timesteps].reshape(-1, 1, 1, 1) + 0.0 * context.sum()
)JIT");
  return m;
}

torch::jit::Module UpscalerModule() {
  torch::jit::Module m("BicubicUpscaler");
  m.define(R"JIT(
def forward(self, image: Tensor) -> Tensor:
    return torch.upsample_bicubic2d(image, [image.size(2) * 4, image.size(3) * 4], False)
)JIT");
  return m;
}

// How much of each of twelve hues is in the image: grey counts for nothing, brightness cancels in the cosine.
torch::jit::Module TeacherModule() {
  constexpr int64_t kHues = 12;
  torch::jit::Module m("HueTeacher");
  const at::Tensor angle = at::arange(kHues, at::kFloat) * (2 * M_PI / static_cast<double>(kHues));
  const at::Tensor alpha = at::cos(angle), beta = at::sin(angle);
  // Two axes of the plane of colours orthogonal to grey.
  const at::Tensor first = at::tensor({2.0f, -1.0f, -1.0f}) / std::sqrt(6.0f);
  const at::Tensor second = at::tensor({0.0f, 1.0f, -1.0f}) / std::sqrt(2.0f);
  m.register_buffer("hues", at::outer(alpha, first) + at::outer(beta, second));
  m.define(R"JIT(
def forward(self, image: Tensor) -> Tensor:
    chroma = torch.matmul(self.hues, image.flatten(2))
    return torch.relu(chroma - 0.05).pow(3).mean([2]) + 1e-6
)JIT");
  return m;
}

}  // namespace

void WriteShapesModels(const fs::path& folder, const fs::path& tokenizer, int64_t still_steps) {
  fs::create_directories(folder);
  const auto save = [&](const std::string& name, const torch::jit::Module& m) {
    WriteFileDurably(folder / name, ScriptModule(m).ToBytes());
  };
  save("autoencoder.pt", AutoencoderModule());
  save("text_encoder.pt", TextEncoderModule());
  save("denoiser.pt", still_steps > 0 ? StillDenoiserModule(still_steps) : DenoiserModule());
  save("upscaler.pt", UpscalerModule());
  save("teacher.pt", TeacherModule());
  WriteFileDurably(folder / "tokenizer.model", ReadFile(tokenizer));
  const std::string licence = "Apache-2.0", source = "written by tint's shapes world";
  const auto facts = [&](Json own) {
    own["licence"] = licence;
    own["source"] = source;
    return own;
  };
  LockModels(folder,
             {{"denoiser", facts({{"sample_size", kLatentSide},
                                  {"latent_channels", kChannels},
                                  {"context_length", kLength},
                                  {"context_width", kWidth}})},
              {"autoencoder", facts({{"scale_factor", 1.0}, {"image_size", kImageSize}, {"spatial_factor", 8}})},
              {"text_encoder", facts({{"embedding_width", kWidth},
                                      {"context_width", kWidth},
                                      {"context_length", kLength},
                                      {"vocabulary_size", 49408}})},
              {"tokenizer", {{"licence", "MIT"}, {"source", "openai/CLIP"}}},
              {"upscaler", facts({{"factor", 4}})},
              {"teacher", facts({{"input_size", 32},
                                 {"resize_rule", "bilinear-antialias"},
                                 {"mean", {0.5, 0.5, 0.5}},
                                 {"std", {0.5, 0.5, 0.5}},
                                 {"feature_width", 12},
                                 {"logit_scale", 10.0},
                                 {"logit_bias", 0.0}})}});
}

}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
#include "preview_sheets.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tint/base/stop.h"
#include "tint/diffusion/denoise.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/pixels.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

constexpr int64_t kPreviewImages = 4;

}  // namespace

at::Tensor PreviewSheets::Noise(const DenoiserConfig& facts, int64_t class_idx) const {
  const int64_t side = options_.image_size / autoencoder_.config().spatial_factor;
  std::vector<at::Tensor> noise;
  for (int64_t k = 0; k < kPreviewImages; ++k) {
    RandomStream stream({settings_.seed, "textual-inversion/preview", episode_.stream_index(),
                         static_cast<uint64_t>(class_idx), static_cast<uint64_t>(k)});
    noise.push_back(stream.Normal({facts.latent_channels, side, side}));
  }
  return at::stack(noise).to(settings_.device);
}

std::string PreviewSheets::Draw(const TextualInversionSetting& setting, const std::vector<int64_t>& classes,
                                const at::Tensor& vectors) const {
  c10::NoGradGuard no_grad;
  const PromptTemplate& prompt = setting.prompts[0];
  const at::Tensor empty = prompt.EmptyContext(setting.text_encoder);
  std::vector<ContactRow> rows;
  for (size_t i = 0; i < classes.size(); ++i) {
    const at::Tensor context = prompt.Context(setting.text_encoder, vectors.narrow(0, static_cast<int64_t>(i), 1));
    const Conditioning conditioning{empty.expand({kPreviewImages, -1, -1}), context.expand({kPreviewImages, -1, -1})};
    const at::Tensor clean = Denoise(
        setting.denoiser, setting.schedule, Noise(setting.denoiser.config(), classes[i]),
        {.guidance = options_.guidance, .timesteps = setting.sampler_timesteps},
        [&](int64_t, const at::Tensor&) { return conditioning; },
        [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); });
    ContactRow row{episode_.OfClass(classes[i]).name, {}};
    for (int64_t k = 0; k < kPreviewImages; ++k)
      row.images.push_back(ToBytes(autoencoder_.Decode(clean.narrow(0, k, 1)).nan_to_num(0).cpu())[0]);
    rows.push_back(std::move(row));
  }
  return MakeContactSheet(rows);
}

}  // namespace tint

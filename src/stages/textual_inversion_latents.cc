// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/textual_inversion_latents.h"

#include <ATen/ATen.h>

#include "tint/base/stop.h"
#include "tint/image/augment.h"
#include "tint/image/pixels.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// Versions of photos, by the options.
struct PhotoVersions {
  const TextualInversionOptions& options;
  StreamKey key;  // of the class; its index is set for each version

  // Versions of one photo [3, S, S] in [0, 1]: itself first. [V, 3, S, S]
  at::Tensor Of(const at::Tensor& photo, int64_t photo_idx) const {
    std::vector<at::Tensor> versions;
    versions.push_back(photo);
    if (options.augmentation == PhotoAugmentation::kFlip) versions.push_back(photo.flip({2}));
    if (options.augmentation == PhotoAugmentation::kFull) {
      // As LabelHalluc's training images, the crop in proportion: 8 of 84 pixels.
      const AugmentOptions augment{
          .crop_padding = photo.size(1) * 8 / 84, .color_jitter = 0.4, .flip_probability = 0.5};
      for (int64_t v = 1; v < options.augmented_copies; ++v) {
        StreamKey of_version = key;
        of_version.index = static_cast<uint64_t>(photo_idx * options.augmented_copies + v);
        std::vector<RandomStream> streams{RandomStream(of_version)};
        versions.push_back(ToUnitFloat(Augment(ToBytes(photo).unsqueeze(0), augment, streams)[0]));
      }
    }
    return at::stack(versions);
  }
};

// Latents of each image alone, on `device`; with `deviations` the whole posterior.
void EncodeEach(const Autoencoder& autoencoder, const at::Tensor& images, const c10::Device& device,
                std::vector<at::Tensor>* latents, std::vector<at::Tensor>* deviations) {
  for (int64_t v = 0; v < images.size(0); ++v) {
    const at::Tensor image = images.narrow(0, v, 1).to(device);
    if (deviations != nullptr) {
      const auto [mean, deviation] = autoencoder.EncodePosterior(image);
      latents->push_back(mean);
      deviations->push_back(deviation);
    } else {
      latents->push_back(autoencoder.Encode(image));
    }
    ThrowIfStopRequested();
  }
}

}  // namespace

std::vector<TextualInversionProblem> EncodeProblems(const TextualInversionOptions& options, const RunEpisode& episode,
                                                    const RunSettings& settings, const ModelSet& models,
                                                    const CompletedStage& super_resolve,
                                                    const std::vector<int64_t>& classes) {
  const Autoencoder autoencoder = models.LoadAutoencoder(settings.device);
  const bool sample = options.latents == PhotoLatents::kSample;
  std::vector<TextualInversionProblem> problems;
  for (const int64_t c : classes) {
    const at::Tensor photos = ReadUpscaled(episode, super_resolve, c);
    const PhotoVersions versions{options,
                                 {.seed = settings.seed,
                                  .stage = "textual-inversion/augmentation",
                                  .episode_idx = episode.stream_index(),
                                  .class_idx = static_cast<uint64_t>(c)}};
    std::vector<at::Tensor> latents, deviations;
    for (int64_t k = 0; k < photos.size(0); ++k)
      EncodeEach(autoencoder, versions.Of(photos[k], k), settings.device, &latents, sample ? &deviations : nullptr);
    problems.push_back({.latents = at::cat(latents),
                        .versions = static_cast<int64_t>(latents.size()) / photos.size(0),
                        .deviation = sample ? at::cat(deviations) : at::Tensor(),
                        .seed = settings.seed,
                        .episode_idx = episode.stream_index(),
                        .class_idx = static_cast<uint64_t>(c)});
    CheckFinite(problems.back().latents, "latents of class " + episode.FileStem(c));
  }
  return problems;
}

}  // namespace tint

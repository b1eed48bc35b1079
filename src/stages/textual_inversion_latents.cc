#include "tint/stages/textual_inversion_latents.h"

#include <ATen/ATen.h>

#include "tint/base/stop.h"
#include "tint/image/augment.h"
#include "tint/image/image.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// Versions of one photo [3, S, S] in [0, 1]: itself first. [V, 3, S, S]
at::Tensor Versions(const StageContext& context, const at::Tensor& photo, int64_t class_idx, int64_t photo_idx) {
  const TextualInversionOptions& options = context.options().textual_inversion;
  std::vector<at::Tensor> versions;
  versions.push_back(photo);
  if (options.augmentation == "flip") versions.push_back(photo.flip({2}));
  if (options.augmentation == "full") {
    // As LabelHalluc's training images, the crop in proportion: 8 of 84 pixels.
    const AugmentOptions augment{.crop_padding = photo.size(1) * 8 / 84, .color_jitter = 0.4, .flip_probability = 0.5};
    for (int64_t v = 1; v < options.augmented_copies; ++v) {
      std::vector<RandomStream> streams{RandomStream(
          {context.seed(), "textual-inversion/augmentation", context.NewKey("", 0, {}).episode_idx,
           static_cast<uint64_t>(class_idx), static_cast<uint64_t>(photo_idx * options.augmented_copies + v)})};
      versions.push_back(ToUnitFloat(Augment(ToBytes(photo).unsqueeze(0), augment, streams)[0]));
    }
  }
  return at::stack(versions);
}

}  // namespace

std::vector<TextualInversionProblem> EncodeProblems(const StageContext& context, const CompletedStage& super_resolve,
                                                    const std::vector<int64_t>& classes) {
  const Autoencoder autoencoder = context.models().LoadAutoencoder(context.device());
  const bool sample = context.options().textual_inversion.latents == "sample";
  std::vector<TextualInversionProblem> problems;
  for (const int64_t c : classes) {
    const at::Tensor photos = ReadUpscaled(context, super_resolve, c);
    std::vector<at::Tensor> latents, deviations;
    int64_t versions = 1;
    for (int64_t k = 0; k < photos.size(0); ++k) {
      const at::Tensor all = Versions(context, photos[k], c, k);
      versions = all.size(0);
      for (int64_t v = 0; v < versions; ++v) {
        const at::Tensor image = all.narrow(0, v, 1).to(context.device());
        if (sample) {
          const auto [mean, deviation] = autoencoder.EncodePosterior(image);
          latents.push_back(mean);
          deviations.push_back(deviation);
        } else {
          latents.push_back(autoencoder.Encode(image));
        }
        ThrowIfStopRequested();
      }
    }
    problems.push_back({.latents = at::cat(latents),
                        .versions = versions,
                        .deviation = sample ? at::cat(deviations) : at::Tensor(),
                        .seed = context.seed(),
                        .episode_idx = context.NewKey("", 0, {}).episode_idx,
                        .class_idx = static_cast<uint64_t>(c)});
    CheckFinite(problems.back().latents, "latents of class " + context.ArtifactName(c));
  }
  return problems;
}

}  // namespace tint

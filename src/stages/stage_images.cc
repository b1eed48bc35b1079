// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/stage_images.h"

#include <ATen/ATen.h>

#include "tint/artifacts/upscaled_photos.h"
#include "tint/tensor/checks.h"

namespace tint {

namespace {

LabeledFiles FilesOf(const Task& task, std::vector<std::string> TaskClass::*which) {
  LabeledFiles all;
  for (size_t c = 0; c < task.classes.size(); ++c) {
    for (const std::string& file : task.classes[c].*which) {
      all.files.push_back({task.classes[c].name, file});
      all.labels.push_back(static_cast<int64_t>(c));
    }
  }
  return all;
}

}  // namespace

LabeledFiles SupportFiles(const Task& task) { return FilesOf(task, &TaskClass::support); }

LabeledFiles QueryFiles(const Task& task) { return FilesOf(task, &TaskClass::query); }

at::Tensor ReadUpscaled(const RunEpisode& episode, const CompletedStage& super_resolve, int64_t class_idx) {
  return ReadUpscaledPhotos(super_resolve, episode.FileStem(class_idx),
                            static_cast<int64_t>(episode.OfClass(class_idx).support.size()));
}

at::Tensor EncodeUpscaled(const RunEpisode& episode, const CompletedStage& super_resolve,
                          const Autoencoder& autoencoder, const c10::Device& device, int64_t class_idx) {
  const at::Tensor images = ReadUpscaled(episode, super_resolve, class_idx);
  std::vector<at::Tensor> latents;
  for (int64_t k = 0; k < images.size(0); ++k)
    latents.push_back(autoencoder.Encode(images.narrow(0, k, 1).to(device)).cpu());
  at::Tensor all = at::cat(latents);
  CheckFinite(all, "latents of class " + episode.FileStem(class_idx));
  return all;
}

int64_t ModelImageSize(const SuperResolveOptions& options, const ModelSet& models) {
  if (options.post_size > 0) return options.post_size;
  models.CheckImageSize();
  return models.ReadAutoencoderConfig().image_size;
}

}  // namespace tint

// What several stages do with images of the run: the upscaled photos, as the diffusion model's input.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/data/loader.h"
#include "tint/stages/stage.h"

namespace tint {

// Photos with the index of their class in the task.
struct LabeledFiles {
  std::vector<NamedFile> files;
  std::vector<int64_t> labels;
};
LabeledFiles SupportFiles(const Task& task);
LabeledFiles QueryFiles(const Task& task);

// "n01532829-00.png": photo `photo_idx` of a class, as super-resolve writes it.
std::string UpscaledName(const StageContext& context, int64_t class_idx, int64_t photo_idx);

// The upscaled photos of a class: [K, 3, S, S] in [0, 1], float32 on the CPU.
at::Tensor ReadUpscaled(const StageContext& context, const CompletedStage& super_resolve, int64_t class_idx);

// The scaled latents of those, [K, C, h, w], encoded one photo at a time (a latent does not depend on its neighbours),
// on the CPU.
at::Tensor EncodeUpscaled(const StageContext& context, const CompletedStage& super_resolve,
                          const Autoencoder& autoencoder, int64_t class_idx);

// SHA-256 over the files of all support photos: "<class idx>/<photo idx> <sha256>\n" each.
std::string SupportSha256(const StageContext& context);

// Side of the images that the diffusion model works on.
int64_t ModelImageSize(const StageContext& context);

// FLOP of one sample of a role as models.json states it ("flop_per_sample"); 0 if it does not.
double FlopPerSample(const StageContext& context, const std::string& role);

}  // namespace tint

#include "tint/stages/stage_images.h"

#include <ATen/ATen.h>

#include "tint/base/sha256.h"
#include "tint/image/image.h"
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

std::string UpscaledName(const StageContext& context, int64_t class_idx, int64_t photo_idx) {
  const std::string number = std::to_string(photo_idx);
  return context.ArtifactName(class_idx) + "-" + (number.size() < 2 ? "0" : "") + number + ".png";
}

at::Tensor ReadUpscaled(const StageContext& context, const CompletedStage& super_resolve, int64_t class_idx) {
  const size_t photos = context.task().classes.at(static_cast<size_t>(class_idx)).support.size();
  std::vector<at::Tensor> images;
  for (size_t photo_idx = 0; photo_idx < photos; ++photo_idx) {
    const std::string name = UpscaledName(context, class_idx, static_cast<int64_t>(photo_idx));
    images.push_back(ToUnitFloat(DecodeImage(super_resolve.Read(name), name).pixels));
  }
  return at::stack(images);
}

at::Tensor EncodeUpscaled(const StageContext& context, const CompletedStage& super_resolve,
                          const Autoencoder& autoencoder, int64_t class_idx) {
  const at::Tensor images = ReadUpscaled(context, super_resolve, class_idx);
  std::vector<at::Tensor> latents;
  for (int64_t k = 0; k < images.size(0); ++k)
    latents.push_back(autoencoder.Encode(images.narrow(0, k, 1).to(context.device())).cpu());
  at::Tensor all = at::cat(latents);
  CheckFinite(all, "latents of class " + context.ArtifactName(class_idx));
  return all;
}

std::string SupportSha256(const StageContext& context) {
  Sha256 hash;
  const Task& task = context.task();
  for (size_t c = 0; c < task.classes.size(); ++c) {
    for (size_t k = 0; k < task.classes[c].support.size(); ++k) {
      const std::string file = task.support_source->FileSha256(task.classes[c].name, task.classes[c].support[k]);
      hash.Update(std::to_string(c) + "/" + std::to_string(k) + " " + file + "\n");
    }
  }
  return hash.Hex();
}

int64_t ModelImageSize(const StageContext& context) {
  const int64_t asked = context.options().super_resolve.post_size;
  return asked > 0 ? asked : context.models().ReadAutoencoderConfig().image_size;
}

double FlopPerSample(const StageContext& context, const std::string& role) {
  if (!context.models().Has(role)) return 0;
  const Json& facts = context.models().Require(role).facts;
  const auto flop = facts.find("flop_per_sample");
  return flop != facts.end() && flop->is_number() ? flop->get<double>() : 0;
}

}  // namespace tint

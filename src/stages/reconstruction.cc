#include "tint/stages/reconstruction.h"

#include <ATen/ATen.h>

#include <utility>

#include "tint/base/log.h"
#include "tint/base/stop.h"
#include "tint/image/image.h"
#include "tint/image/psnr.h"
#include "tint/stages/stage_images.h"

namespace tint {

std::vector<Fidelity> CompareReconstructions(const StageContext& context, const CompletedStage& super_resolve,
                                             const Autoencoder& autoencoder, int64_t class_idx, const at::Tensor& start,
                                             const at::Tensor& end, std::vector<ContactRow>* sheet) {
  const at::Tensor photos = ReadUpscaled(context, super_resolve, class_idx);
  const auto decode = [&](const at::Tensor& latents) {
    return autoencoder.Decode(latents.unsqueeze(0).to(context.device())).cpu()[0];
  };
  ContactRow rows[] = {
      {context.task().classes[static_cast<size_t>(class_idx)].name, {}}, {"autoencoder", {}}, {"reconstructed", {}}};
  std::vector<Fidelity> all;
  for (int64_t k = 0; k < photos.size(0); ++k) {
    const at::Tensor round_trip = decode(start[k]), reconstruction = decode(end[k]);
    all.push_back({.reconstruction = Psnr(photos[k], reconstruction), .round_trip = Psnr(photos[k], round_trip)});
    rows[0].images.push_back(ToBytes(photos[k]));
    rows[1].images.push_back(ToBytes(round_trip));
    rows[2].images.push_back(ToBytes(reconstruction));
    if (all.back().round_trip - all.back().reconstruction > context.options().null_text.warn_psnr_loss)
      spdlog::warn(
          "null-text-inversion: photo {} of class {} comes back with a PSNR of {:.1f} dB; the autoencoder alone gives "
          "{:.1f} dB",
          k, context.ArtifactName(class_idx), all.back().reconstruction, all.back().round_trip);
    ThrowIfStopRequested();
  }
  for (ContactRow& row : rows) sheet->push_back(std::move(row));
  return all;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/reconstruction.h"

#include <ATen/ATen.h>

#include <utility>

#include "tint/base/log.h"
#include "tint/base/stop.h"
#include "tint/image/pixels.h"
#include "tint/image/psnr.h"

namespace tint {

std::vector<Fidelity> CompareReconstructions(const Reconstructed& inverted, const Autoencoder& autoencoder,
                                             const c10::Device& device, double warn_psnr_loss,
                                             std::vector<ContactRow>* sheet) {
  const auto decode = [&](const at::Tensor& latents) {
    return autoencoder.Decode(latents.unsqueeze(0).to(device)).cpu()[0];
  };
  ContactRow rows[] = {{inverted.class_name, {}}, {"autoencoder", {}}, {"reconstructed", {}}};
  std::vector<Fidelity> all;
  for (int64_t k = 0; k < inverted.photos.size(0); ++k) {
    const at::Tensor photo = inverted.photos[k];
    const at::Tensor round_trip = decode(inverted.start[k]), reconstruction = decode(inverted.end[k]);
    all.push_back({.reconstruction = Psnr(photo, reconstruction), .round_trip = Psnr(photo, round_trip)});
    rows[0].images.push_back(ToBytes(photo));
    rows[1].images.push_back(ToBytes(round_trip));
    rows[2].images.push_back(ToBytes(reconstruction));
    if (all.back().round_trip - all.back().reconstruction > warn_psnr_loss)
      spdlog::warn(
          "null-text-inversion: photo {} of class {} is reconstructed with a PSNR of {:.1f} dB; the autoencoder alone "
          "gives {:.1f} dB",
          k, inverted.stem, all.back().reconstruction, all.back().round_trip);
    ThrowIfStopRequested();
  }
  for (ContactRow& row : rows) sheet->push_back(std::move(row));
  return all;
}

}  // namespace tint

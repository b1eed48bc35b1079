// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/image/contact_sheet.h"
#include "tint/models/modules.h"

namespace tint {

// How near a photo's reconstruction comes to it, and how near the autoencoder's own round trip does, which bounds it.
struct Fidelity {
  double reconstruction = 0, round_trip = 0;  // PSNR to the photo, dB
};

// The inverted photos of a class.
struct Reconstructed {
  std::string class_name, stem;
  at::Tensor photos;      // [K, 3, S, S] in [0, 1]
  at::Tensor start, end;  // [K, C, h, w] their encodings, and the ends of the guided walk
};

// Decodes on `device`. Warns of photos that lost more than `warn_psnr_loss` dB; adds three rows to the sheet: photos,
// the autoencoder's round trip, reconstructions.
std::vector<Fidelity> CompareReconstructions(const Reconstructed& inverted, const Autoencoder& autoencoder,
                                             const c10::Device& device, double warn_psnr_loss,
                                             std::vector<ContactRow>* sheet);

}  // namespace tint

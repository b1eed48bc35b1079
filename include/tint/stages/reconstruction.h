#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "tint/image/contact_sheet.h"
#include "tint/stages/stage.h"

namespace tint {

// How near a photo's reconstruction comes to it, and how near the autoencoder's own round trip does, which bounds it.
struct Fidelity {
  double reconstruction = 0, round_trip = 0;  // PSNR to the photo, dB
};

// Of the photos of a class, from their encoding (`start`) and from where the guided walk arrived (`end`), [K, C, h, w].
// Warns of photos that lost more than --warn-psnr-loss; adds three rows to the sheet: photos, the autoencoder's round
// trip, reconstructions.
std::vector<Fidelity> CompareReconstructions(const StageContext& context, const CompletedStage& super_resolve,
                                             const Autoencoder& autoencoder, int64_t class_idx, const at::Tensor& start,
                                             const at::Tensor& end, std::vector<ContactRow>* sheet);

}  // namespace tint

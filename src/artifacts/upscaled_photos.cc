// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/upscaled_photos.h"

#include <ATen/ops/stack.h>

#include <vector>

#include "tint/image/decode.h"
#include "tint/image/pixels.h"

namespace tint {

std::string UpscaledPhotoFile(const std::string& stem, int64_t photo_idx) {
  const std::string number = std::to_string(photo_idx);
  return stem + "-" + (number.size() < 2 ? "0" : "") + number + ".png";
}

at::Tensor ReadUpscaledPhotos(const CompletedStage& super_resolve, const std::string& stem, int64_t photos) {
  std::vector<at::Tensor> images;
  for (int64_t photo_idx = 0; photo_idx < photos; ++photo_idx) {
    const std::string name = UpscaledPhotoFile(stem, photo_idx);
    images.push_back(ToUnitFloat(DecodeImage(super_resolve.Read(name), name).pixels));
  }
  return at::stack(images);
}

}  // namespace tint

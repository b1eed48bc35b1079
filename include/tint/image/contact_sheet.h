// SPDX-License-Identifier: Apache-2.0
// Rows of thumbnails with captions, as one PNG.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace tint {

struct ContactRow {
  std::string caption;             // drawn left of the row; ASCII, other characters are shown as '?'
  std::vector<at::Tensor> images;  // uint8 [3, h, w], any sizes
};

// PNG bytes: each image is scaled (area down, nearest up) into cells of `cell` pixels. Deterministic.
std::string MakeContactSheet(const std::vector<ContactRow>& rows, int64_t cell = 96);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "tint/models/modules.h"

namespace tint {

// Upscaler::Enlarge a tile at a time, so that memory grows with the tile and not with the image: each tile of `tile`
// pixels a side is enlarged together with `overlap` pixels around it (fewer at the image's border) and cut out of the
// result. Equal to enlarging the whole where the upscaler sees no farther than `overlap`; HAT sees the whole image,
// so its tiles differ a little (0.15 dB, HAT#16). images [B, 3, h, w] in [0, 1] -> [B, 3, f h, f w]. tile > 0, overlap
// >= 0.
at::Tensor EnlargeInTiles(const Upscaler& upscaler, const at::Tensor& images, int64_t tile, int64_t overlap);

}  // namespace tint

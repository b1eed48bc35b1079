// SPDX-License-Identifier: Apache-2.0
// Writing images as PNG.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

namespace tint {

// Lossless, deterministic PNG of uint8 [3, H, W].
std::string EncodePng(const at::Tensor& pixels);

}  // namespace tint

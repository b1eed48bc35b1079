// SPDX-License-Identifier: Apache-2.0
// Conversions and hashes of pixels.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

namespace tint {

// uint8 -> float32 in [0, 1] (x / 255), and back by floor(x * 255 + 0.5) clamped to 0...255. Any leading dimensions.
at::Tensor ToUnitFloat(const at::Tensor& bytes);
at::Tensor ToBytes(const at::Tensor& unit);

// SHA-256 of "H W\n" and the bytes in H, W, RGB order of uint8 [3, H, W]: equal for the same image in another file.
std::string PixelSha256(const at::Tensor& pixels);

// 64-bit difference hash of the luma (9x8 box reduction): near-duplicates differ in at most 4 bits.
uint64_t DifferenceHash(const at::Tensor& pixels);

}  // namespace tint

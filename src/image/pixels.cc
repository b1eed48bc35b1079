// SPDX-License-Identifier: Apache-2.0
#include "tint/image/pixels.h"

#include <ATen/ATen.h>

#include "tint/base/error.h"
#include "tint/base/sha256.h"
#include "tint/tensor/checks.h"

namespace tint {

at::Tensor ToUnitFloat(const at::Tensor& bytes) {
  CheckDtype(bytes, at::kByte, "image");
  return bytes.to(at::kFloat) / 255.0;
}

at::Tensor ToBytes(const at::Tensor& unit) {
  TINT_CHECK(unit.is_floating_point()) << DescribeTensor(unit);
  return (unit.detach() * 255.0 + 0.5).floor().clamp(0, 255).to(at::kByte);
}

std::string PixelSha256(const at::Tensor& pixels) {
  CheckDtype(pixels, at::kByte, "image");
  CheckShape(pixels, {3, -1, -1}, "image");
  const int64_t height = pixels.size(1), width = pixels.size(2);
  Sha256 hash;
  hash.Update(std::to_string(height) + " " + std::to_string(width) + "\n");
  const at::Tensor plain = pixels.contiguous();
  const uint8_t* planes = plain.const_data_ptr<uint8_t>();
  std::string row(static_cast<size_t>(width) * 3, '\0');
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < 3; ++c)
        row[static_cast<size_t>(x * 3 + c)] = static_cast<char>(planes[(c * height + y) * width + x]);
    }
    hash.Update(row);
  }
  return hash.Hex();
}

uint64_t DifferenceHash(const at::Tensor& pixels) {
  constexpr int64_t kRows = 8, kColumns = 9;
  CheckDtype(pixels, at::kByte, "image");
  CheckShape(pixels, {3, -1, -1}, "image");
  const at::Tensor wide = pixels.to(at::kInt);
  const at::Tensor luma = (wide[0] * 19595 + wide[1] * 38470 + wide[2] * 7471 + 0x8000).bitwise_right_shift(16);
  // In double, the mean of at most 2^45 whole numbers is rounded from an exact sum: equal boxes compare equal.
  const at::Tensor small =
      at::adaptive_avg_pool2d(luma.to(at::kDouble).unsqueeze(0), {kRows, kColumns})[0].contiguous();
  const double* values = small.const_data_ptr<double>();
  uint64_t hash = 0;
  for (int64_t y = 0; y < kRows; ++y) {
    for (int64_t x = 0; x + 1 < kColumns; ++x)
      hash = hash << 1 | (values[y * kColumns + x] > values[y * kColumns + x + 1] ? 1u : 0u);
  }
  return hash;
}

}  // namespace tint

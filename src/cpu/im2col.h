// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace tint {

// Images of few channels [B, C, H, W], float32, channels last, and the windows of 3x3 pixels around their pixels.
struct Images {
  explicit Images(const at::Tensor& input);

  // A window's numbers: (u, v, c) for each row and column of it and each channel, and a 1 for the bias.
  int64_t depth() const { return 9 * channels + 1; }
  // From one window to the next: whole panels of MatrixProduct, so that windows can be either factor.
  int64_t stride() const;
  // A buffer for the windows of so many rows [rows * width, stride()], zero in the padding.
  at::Tensor Windows(int64_t rows) const;
  // Writes the windows of a row, zeros outside the image; `row` counts through all images.
  void Im2Col(int64_t row, float* to) const;

  const float* data;  // [B, height, width, channels]
  int64_t count, height, width, channels;
};

// Filters [K, C, 3, 3] and their bias (zeros without one) in a window's order, [K, 9 C + 1], and the inverse.
at::Tensor PackFilters(const at::Tensor& weight, const std::optional<at::Tensor>& bias);
std::tuple<at::Tensor, at::Tensor> UnpackFilters(const at::Tensor& flat_filters);

// Packed filters as the panels of MatrixProduct, [K / 16, 9 C + 1, 16].
at::Tensor Panels(const at::Tensor& flat_filters);

}  // namespace tint

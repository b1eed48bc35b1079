#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace tint {

// What any way of our own with filters of 3x3 takes: float32 on the CPU, channels last, filters a multiple of 16.
bool FiltersFit(const at::Tensor& input, const at::Tensor& weight);

// The products of Convolve3x3 (convolve3x3.h) where images have few channels, a first layer's: each row's windows are
// laid side by side [W, 9 C + 1], a 1 at their end for the bias, and multiplied by the filters. Sums of products as
// they stand, unlike Winograd's: the error is LibTorch's. For what FiltersFit and has fewer than 16
// channels.
bool ConvolveNarrowFits(const at::Tensor& input, const at::Tensor& weight);
at::Tensor ConvolveNarrow(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias);

// Of the filters [K, C, 3, 3] and the bias [K], from the output's gradient [B, K, H, W], channels last.
std::tuple<at::Tensor, at::Tensor> GradientsNarrow(const at::Tensor& input, const at::Tensor& given);

}  // namespace tint

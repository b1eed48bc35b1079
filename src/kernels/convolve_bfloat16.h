#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace tint {

// The products of Convolve3x3 (convolve3x3.h) under autocast to bfloat16, on a processor's tiles (amx.h): pictures,
// filters and gradients are rounded to bfloat16, their products summed in float32, and the output is float32. For what
// FiltersFit takes (convolve_narrow.h), channels and filters multiples of 32.
bool ConvolveBfloat16Fits(const at::Tensor& input, const at::Tensor& weight);
// bias float32 [K], contiguous, or undefined.
at::Tensor ConvolveBfloat16(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);
// Of the filters [K, C, 3, 3], from the output's gradient [B, K, H, W], channels last.
at::Tensor WeightGradientBfloat16(const at::Tensor& input, const at::Tensor& given);

}  // namespace tint

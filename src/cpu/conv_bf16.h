// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace tint {

// Whether autocast to bfloat16 is on for the CPU.
bool AutocastsToBfloat16();

// Numbers of bfloat16 as amx.h takes them.
const uint16_t* Bits(const at::Tensor& numbers);
uint16_t* MutableBits(const at::Tensor& numbers);
at::Tensor ZerosBfloat16(int64_t count);

// work(first, last) for ranges of images, a range per thread, with the tiles configured.
void ParallelOverImages(int64_t images, const std::function<void(int64_t first, int64_t last)>& work);

// Conv3x3 (conv3x3.h) under autocast to bfloat16, on AMX tiles (amx.h): images,
// filters and gradients are rounded to bfloat16, their products summed in float32, and the output is float32. For what
// FiltersFit accepts (conv_narrow.h), channels and filters multiples of 32.
bool ConvBf16Fits(const at::Tensor& input, const at::Tensor& weight);
// bias float32 [K], contiguous, or undefined.
at::Tensor ConvBf16(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias);
// Of the filters [K, C, 3, 3], from the output's gradient [B, K, H, W], channels last.
at::Tensor ConvBf16WeightGradient(const at::Tensor& input, const at::Tensor& given);

}  // namespace tint

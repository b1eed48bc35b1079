// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace tint {

// What each of our kernels for filters of 3x3 needs: float32 on the CPU, channels last, filters a multiple of 16.
bool FiltersFit(const at::Tensor& input, const at::Tensor& weight);

// Conv3x3 (conv3x3.h) for images of few channels, a stem: im2col of each row, [W, 9 C + 1] with a 1 at the end for the
// bias, times the filters. Direct sums of products, unlike Winograd's: the error is LibTorch's. For what FiltersFit
// accepts, with fewer than 16 channels.
bool ConvNarrowFits(const at::Tensor& input, const at::Tensor& weight);
at::Tensor ConvNarrow(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias);

// Of the filters [K, C, 3, 3] and the bias [K], from the output's gradient [B, K, H, W], channels last.
std::tuple<at::Tensor, at::Tensor> ConvNarrowGradients(const at::Tensor& input, const at::Tensor& given);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace tint {

// Convolution with filters of 3x3, stride 1 and padding 1, as students have them.
//
//   y[b, k, i, j] = bias[k] + sum over c, u, v of weight[k, c, u, v] input[b, c, i + u - 1, j + v - 1]
//
// input [B, C, H, W], weight [K, C, 3, 3], bias [K] or none. Differentiable once in all of them.
//
// On the CPU, in float32, channels last, C and K multiples of 16, it is computed by Winograd's algorithm
// (winograd_passes.h), forward and both gradients, with a quarter of the products, unless the image is so small that
// tiles of 4x4 are mostly padding. They are rounded differently: against a sum in double, outputs are off by up to 1e-5
// of the largest one, where LibTorch's are by some 1e-7. The gradient of the weights is summed by ranges, one per
// thread, so its last bits depend on the number of threads. With C below 16, a stem, it is im2col and a matrix product
// (with LibTorch's rounding error, the same for any number of threads).
//
// Under autocast to bfloat16, with C and K multiples of 32, AMX tiles are used where HasAmx() (cpu_isa.h): factors
// rounded to bfloat16, sums and output in float32. A convolution of fewer than 16 channels stays in float32.
//
// Elsewhere it is LibTorch's conv2d.
//
// Also registered as the operator tint::convolve3x3, so that TorchScript graphs can call it.
at::Tensor Conv3x3(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias);

}  // namespace tint

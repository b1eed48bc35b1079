// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace tint {

// The tail of a convolution block in training: batch normalisation with the batch's statistics (Ioffe & Szegedy
// 2015, arXiv 1502.03167), (leaky) ReLU and, with `pool`, max pooling over 2x2 windows.
//
//   m, v = mean and variance of each channel over batch and pixels;  a = weight (x - m) / sqrt(v + epsilon) + bias
//   y = a > 0 ? a : slope a;  pooled: the maximum y of each whole 2x2 window
//   running <- (1 - momentum) running + momentum {m, v n / (n - 1)}
//
// input [B, C, H, W]; weight, bias, running_mean, running_variance [C]. Differentiable once in input, weight and bias.
// With `training` false the running statistics are used and nothing is updated.
//
// On the CPU, in training, in float32, channels last and C a multiple of 16, fused passes compute it: the input is read
// twice and only the output is written (pooled: a quarter), the backward pass reads the input once; LibTorch's
// operators, which are used elsewhere, read and write it some twenty times. Each image is summed separately and the
// images in order: the result does not depend on the number of threads.
//
// Also registered as the operator tint::norm_activate, so that TorchScript graphs can call it.
struct BatchNormActOptions {
  bool training = true;
  double momentum = 0.1, epsilon = 1e-5;
  double slope = 0;
  bool pool = false;
};
at::Tensor BatchNormAct(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& running_mean, const at::Tensor& running_variance,
                        const BatchNormActOptions& options);

}  // namespace tint

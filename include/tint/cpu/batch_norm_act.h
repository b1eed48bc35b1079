#pragma once

#include <ATen/core/Tensor.h>

namespace tint {

// The tail of a convolution block in training: batch normalisation with the batch's own statistics (Ioffe & Szegedy
// 2015, arXiv 1502.03167), (leaky) ReLU and, with `pool`, max pooling over 2x2 windows.
//
//   m, v = mean and variance of each channel over batch and pixels;  a = weight (x - m) / sqrt(v + epsilon) + bias
//   y = a > 0 ? a : slope a;  pooled: the greatest y of each whole 2x2 window
//   running <- (1 - momentum) running + momentum {m, v n / (n - 1)}
//
// input [B, C, H, W]; weight, bias, running_mean, running_variance [C]. Differentiable once in input, weight and bias.
// With `training` false the running statistics are used and nothing is updated.
//
// On the CPU, in training, in float32, channels last and C a multiple of 16, it takes own passes: the input is read
// twice and only what leaves is written (pooled: a quarter), the backward pass reads the input once; LibTorch's
// operators read and write it some twenty times. Elsewhere they are used. Each image is summed on its own and the
// images in order: the result does not depend on the number of threads.
//
// Also registered as the operator tint::norm_activate, so that TorchScript graphs can call it.
struct NormActivateOptions {
  bool training = true;
  double momentum = 0.1, epsilon = 1e-5;
  double slope = 0;
  bool pool = false;
};
at::Tensor NormActivate(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& running_mean, const at::Tensor& running_variance,
                        const NormActivateOptions& options);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tint/cpu/batch_norm_act.h"
#include "tint/cpu/conv3x3.h"

namespace tint {

// A convolution block in training: BatchNormAct(Conv3x3(input, weight, bias), gamma, beta, ...), shapes and
// gradients as there.
//
// In a stem (fewer than 16 channels, no gradient of the images needed) that pools, and where both have kernels here,
// the convolution's output is never written: the block reads images and writes pooled values and their argmax, a byte
// each. With p a pixel's window, w~ = (w, bias) a packed filter and p~ = (p, 1),
//
//   x = w~ p~, so over all n pixels, with G = sum p~ p~^T and M = sum p~:
//     mean m = w~ M / n, variance v = w (G / n - M M^T / n^2) w^T: known before any x is computed
//   a = (scale w~ + (0, shift)) p~: the normalised value is a product too, and is pooled in registers
//   with S = sum g p~ over the pixels that were argmax, g the gradient of a:
//     d beta = sum g = S's last, d gamma = (w~ S - m sum g) / s
//     d w~ = scale S - offset M - tilt (G w~ - m M), offset and tilt as in BatchNormAct
//
// so that the backward pass needs no x either. G is summed in double over rows in float32; the result does not depend
// on the number of threads.
//
// Under autocast to bfloat16, with at most three channels and filters a multiple of 32, images are rounded to
// bfloat16, and the products that give a and S are computed on AMX tiles where HasAmx() (cpu_isa.h), their factors
// rounded likewise; moments and statistics are computed as above.
//
// Also registered as the operator tint::convolve_norm_activate, so that TorchScript graphs can call it.
at::Tensor ConvBatchNormAct(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& running_mean,
                            const at::Tensor& running_variance, const BatchNormActOptions& options);

}  // namespace tint

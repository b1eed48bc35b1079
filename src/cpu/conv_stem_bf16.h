// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "im2col.h"

namespace tint {

// The products of a stem convolution (conv_batch_norm_act.h) on AMX tiles: windows of images, filters and
// gradients are rounded to bfloat16, sums are float32. A filter's bias is multiplied in two parts, so that it keeps
// sixteen bits. flat_filters: PackFilters (im2col.h).

// Images of at most three channels, filters a multiple of 32.
bool ConvStemBf16Fits(const Images& images, int64_t filters);
// As ConvolveAndPool and SumAtArgmax of conv_batch_norm_act.cc.
void ConvolveAndPoolBf16(const Images& images, const at::Tensor& flat_filters, double slope, const at::Tensor& output,
                         const at::Tensor& argmax);
at::Tensor SumAtArgmaxBf16(const Images& images, const at::Tensor& given, const at::Tensor& argmax, double slope);

}  // namespace tint

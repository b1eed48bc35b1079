#pragma once

#include <ATen/core/Tensor.h>

#include "im2col.h"

namespace tint {

// The products of a first layer (convolve_norm_activate.h) on a processor's tiles: windows of images, filters and
// gradients are rounded to bfloat16, sums are float32. A filter's bias is multiplied in two parts, so that it keeps
// sixteen bits.

// Images of at most three channels, filters a multiple of 32.
bool FirstLayerBfloat16Fits(const Images& images, int64_t filters);
// As ConvolveAndPool and SumOfChosen of convolve_norm_activate.cc.
void ConvolveAndPoolBfloat16(const Images& images, const at::Tensor& laid, double slope, const at::Tensor& output,
                             const at::Tensor& argmax);
at::Tensor SumOfChosenBfloat16(const Images& images, const at::Tensor& given, const at::Tensor& argmax, double slope);

}  // namespace tint

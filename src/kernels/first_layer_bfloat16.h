#pragma once

#include <ATen/core/Tensor.h>

#include "windows.h"

namespace tint {

// The products of a first layer (convolve_norm_activate.h) on a processor's tiles: windows of pictures, filters and
// gradients are rounded to bfloat16, sums are float32. A filter's bias is multiplied in two parts, so that it keeps
// sixteen bits.

// Pictures of at most three channels, filters a multiple of 32.
bool FirstLayerBfloat16Fits(const Pictures& pictures, int64_t filters);
// As ConvolveAndPool and SumOfChosen of convolve_norm_activate.cc.
void ConvolveAndPoolBfloat16(const Pictures& pictures, const at::Tensor& laid, double slope, const at::Tensor& output,
                             const at::Tensor& chosen);
at::Tensor SumOfChosenBfloat16(const Pictures& pictures, const at::Tensor& given, const at::Tensor& chosen,
                               double slope);

}  // namespace tint

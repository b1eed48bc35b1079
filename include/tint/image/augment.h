// SPDX-License-Identifier: Apache-2.0
// Training-time augmentation of batches, on tensors. Equal to torchvision's transforms given the same random draws.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "tint/tensor/random.h"

namespace tint {

// LabelHalluc's train transform: RandomCrop(S, zero padding p), ColorJitter(brightness, contrast, saturation),
// HorizontalFlip(1/2).
struct AugmentOptions {
  int64_t crop_padding = 8;   // zero padding on each side before the random crop back to the input size; 0 = no crop
  double color_jitter = 0.4;  // factors from U[1 - j, 1 + j]; 0 = none
  double flip_probability = 0.5;
};

// images: uint8 [B, 3, H, W]. Image b draws from streams[b] alone, so the batch does not matter. Order: crop, jitter
// (the order of brightness, contrast, saturation is random per image; after each the values are truncated to 8 bits, as
// PIL does), flip. Returns uint8 [B, 3, H, W].
at::Tensor Augment(const at::Tensor& images, const AugmentOptions& options, std::vector<RandomStream>& streams);

// The three jitter operations on uint8 [3, H, W], as PIL's ImageEnhance: blend with black, with the mean grey level,
// with the grey image (ITU-R 601-2 luma, L = (19595 R + 38470 G + 7471 B + 2^15) / 2^16).
at::Tensor AdjustBrightness(const at::Tensor& image, double factor);
at::Tensor AdjustContrast(const at::Tensor& image, double factor);
at::Tensor AdjustSaturation(const at::Tensor& image, double factor);

// (x / 255 - mean) / std per channel; uint8 [B, 3, H, W] -> float32.
at::Tensor Normalize(const at::Tensor& images, const std::vector<double>& mean, const std::vector<double>& std);

}  // namespace tint

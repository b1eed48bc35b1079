// SPDX-License-Identifier: Apache-2.0
// Numbers of diffusers, transformers and PyTorch's optimisers (scripts/make_parity_fixtures.py), and the same models.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tint/models/modules.h"

namespace tint::testing {

const at::Tensor& Number(const std::string& name);

Denoiser ParityDenoiser();
Autoencoder ParityAutoencoder();
TextEncoder ParityTextEncoder();

// Expects |found - expected| <= tolerance x max |expected| everywhere, and adds a row to the table that the program
// prints at its end: quantity, largest difference relative to the largest value, tolerance.
void ExpectParity(const std::string& quantity, const at::Tensor& found, const at::Tensor& expected, double tolerance);

}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
// The yardstick of estimates and of `tint bench`.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace tint {

// Best rate of a matrix product of 1024x1024 over a few tries, in FLOP/s.
double MeasureMatmulRate(const c10::Device& device, c10::ScalarType dtype);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Tensor comparisons that say where they fail.
#pragma once

#include <ATen/core/Tensor.h>
#include <gmock/gmock.h>

namespace tint::testing {

// Matches a tensor of the same shape and dtype whose every element satisfies |actual - expected| <= atol + rtol *
// |expected|. NaN never matches. On failure: how many differ, the first index with both values, the largest error.
::testing::Matcher<const at::Tensor&> TensorNear(const at::Tensor& expected, double atol, double rtol = 0.0);
// Same shape, dtype and every bit.
::testing::Matcher<const at::Tensor&> TensorEquals(const at::Tensor& expected);

}  // namespace tint::testing

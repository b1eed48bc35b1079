// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace tint {

// values * gelu(gates) in one pass, [..., width], of `both` [..., 2 width]: values, then gates (GEGLU, arXiv
// 2002.05202, with the exact gelu x Phi(x)). Differentiable once. On the CPU in float32 the pass reads its input once
// and its backward writes both gradients in place, instead of five passes and a concatenation; elsewhere LibTorch's
// operators are used.
//
// Also registered as the operator tint::gated_gelu, so that TorchScript graphs can call it.
at::Tensor GatedGelu(const at::Tensor& both);

}  // namespace tint

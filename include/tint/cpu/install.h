// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace tint {

// From now on, in the whole process,
//   - LibTorch's scaled-dot-product attention on the CPU is computed by attention.h where AttentionFits and there is no
//     mask, dropout or causal order, and by LibTorch's kernel elsewhere: models need not change;
//   - TorchScript graphs can call tint::gated_gelu (gated_gelu.h), tint::norm_activate (batch_norm_act.h),
//     tint::convolve3x3 (conv3x3.h) and tint::convolve_norm_activate (conv_batch_norm_act.h).
// Loading a frozen model and training do this; further calls do nothing.
void InstallKernels();

}  // namespace tint

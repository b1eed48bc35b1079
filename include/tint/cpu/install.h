#pragma once

namespace tint {

// From now on, in the whole process,
//   - LibTorch's scaled-dot-product attention on the CPU is computed by attention.h where that takes the tensors and no
//     mask, dropout or causal order is asked for, and by its own kernel elsewhere: models need not know;
//   - TorchScript graphs can call tint::gated_gelu (gated_gelu.h), tint::norm_activate (norm_activate.h),
//     tint::convolve3x3 (convolve3x3.h) and tint::convolve_norm_activate (convolve_norm_activate.h).
// Loading a frozen model and training do this; further calls do nothing.
void InstallKernels();

}  // namespace tint

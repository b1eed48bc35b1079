// Faster training of modules that are built of convolution blocks.
#pragma once

#include "tint/models/script_module.h"

namespace tint {

// A module that computes what `module` computes and shares its parameters and buffers, but hands batch normalisation
// that is followed by (leaky) ReLU, and perhaps by 2x2 max pooling, to tint::norm_activate (kernels/norm_activate.h),
// and convolutions of stride and padding 1 to tint::convolve3x3 (kernels/convolve3x3.h). Only for training in this
// process: what is saved is `module`, which keeps LibTorch's operators.
ScriptModule FuseForTraining(const ScriptModule& module);

}  // namespace tint

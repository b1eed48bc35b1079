// SPDX-License-Identifier: Apache-2.0
// Faster training of modules that are built of convolution blocks.
#pragma once

#include "tint/models/script_module.h"

namespace tint {

// A module that computes what `module` computes and shares its parameters and buffers, but in which batch normalisation
// followed by (leaky) ReLU, and perhaps by 2x2 max pooling, is tint::norm_activate (cpu/batch_norm_act.h), and
// convolutions of stride and padding 1 are tint::convolve3x3 (cpu/conv3x3.h). Only for training in this
// process: what is saved is `module`, which keeps LibTorch's operators.
ScriptModule FuseForTraining(const ScriptModule& module);

}  // namespace tint

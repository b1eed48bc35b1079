// SPDX-License-Identifier: Apache-2.0
// The tensors of a module by name: saving them in a training checkpoint and restoring them.
#pragma once

#include "tint/models/script_module.h"
#include "tint/tensor/safetensors.h"

namespace tint {

// Adds "parameter.NAME" and "buffer.NAME", the tensors themselves.
void AddTensors(const ScriptModule& module, NamedTensors* tensors);
// The inverse: copies them into the module's tensors. One that is missing, or of another shape, throws.
void RestoreTensors(const NamedTensors& tensors, const ScriptModule& module);

// Copies of parameters and buffers on the CPU, by their bare names; and the inverse.
NamedTensors CopyOfTensors(const ScriptModule& module);
void CopyTensors(const NamedTensors& tensors, const ScriptModule& module);

}  // namespace tint

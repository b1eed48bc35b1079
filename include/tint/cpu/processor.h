// What training asks of the processor it runs on.
#pragma once

#include <c10/core/Device.h>

namespace tint {

// Whether convolutions in bfloat16 pay: AMX on x86, any CUDA device of compute capability 8 and above. AVX-512 BF16
// alone is no faster than our float32, which makes a quarter of the products (convolve3x3.h); other processors convert
// each number.
bool HasFastBfloat16(const c10::Device& device);

// From now on freed blocks of any size stay with the process. Training allocates the same large activations at each
// step, and given back to the system they are cleared again every time: on two cores a third of a Conv4 step.
void KeepFreedMemory();

}  // namespace tint

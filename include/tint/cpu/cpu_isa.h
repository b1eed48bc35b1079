// SPDX-License-Identifier: Apache-2.0
// The processor's instruction sets: the one detection that the kernels, `--precision auto` and `tint doctor` ask.
#pragma once

#include <c10/core/Device.h>

#include <string>

namespace tint {

// For which the kernels are compiled; each includes those before it. kAvx2 includes FMA, kAvx512 is AVX-512F.
enum class CpuIsa { kBaseline, kAvx2, kAvx512 };

// The best that this processor and this build have.
CpuIsa BestCpuIsa();
// "baseline", "AVX2", "AVX-512".
std::string CpuIsaName(CpuIsa isa);

// Whether the kernels for bfloat16 tiles (Intel AMX) run: processor, build, and the kernel's permission to use the
// tiles' registers, which is asked for once a process.
bool HasAmx();

// Whether convolutions in bfloat16 are faster than in float32: AMX on the CPU, any CUDA device of compute capability 8
// and above. AVX-512 BF16 alone is no faster than our float32, which needs a quarter of the products (conv3x3.h).
bool HasFastBfloat16(const c10::Device& device);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "passes.h"

namespace tint {

// Attention's heads of 8 and 16 floats gain nothing from wider registers.
void UseAvx512(CpuKernels* kernels) { UsePasses(kernels); }

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "attention_passes.h"
#include "passes.h"

namespace tint {

void UseBaseline(CpuKernels* kernels) {
  UseAttentionPasses(kernels);
  UsePasses(kernels);
}

}  // namespace tint

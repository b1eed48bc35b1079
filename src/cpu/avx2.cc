#include "attention_passes.h"
#include "passes.h"

namespace tint {

void UseAvx2(ProcessorKernels* kernels) {
  UseAttentionPasses(kernels);
  UsePasses(kernels);
}

}  // namespace tint

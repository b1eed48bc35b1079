#include "attention_passes.h"
#include "passes.h"

namespace tint {

void UsePlain(ProcessorKernels* kernels) {
  UseAttentionPasses(kernels);
  UsePasses(kernels);
}

}  // namespace tint

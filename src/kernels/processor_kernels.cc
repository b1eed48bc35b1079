#include "processor_kernels.h"

namespace tint {

const ProcessorKernels* Avx2Kernels() {
#ifdef TINT_AVX2
  static const bool runs = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return runs ? &kAvx2Kernels : nullptr;
#else
  return nullptr;
#endif
}

const ProcessorKernels& KernelsOfThisProcessor() {
  const ProcessorKernels* best = Avx2Kernels();
  return best ? *best : kPlainKernels;
}

}  // namespace tint

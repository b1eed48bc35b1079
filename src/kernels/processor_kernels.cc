#include "processor_kernels.h"

namespace tint {

const std::vector<ProcessorKernels>& KernelsThatRunHere() {
  static const std::vector<ProcessorKernels> sets = [] {
    std::vector<ProcessorKernels> found = {kPlainKernels};
#ifdef TINT_AVX
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      found.push_back(kAvx2Kernels);
      if (__builtin_cpu_supports("avx512f")) {
        found.push_back(kAvx2Kernels);
        UseAvx512(&found.back());
      }
    }
#endif
    return found;
  }();
  return sets;
}

const ProcessorKernels& KernelsOfThisProcessor() { return KernelsThatRunHere().back(); }

}  // namespace tint

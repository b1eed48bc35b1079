#include "active_kernels.h"

namespace tint {

const std::vector<ProcessorKernels>& SupportedKernels() {
  static const std::vector<ProcessorKernels> sets = [] {
    std::vector<ProcessorKernels> found(1);
    UsePlain(&found.back());
    // Each set is the one before with what gains replaced.
    const auto add = [&found](void (*use)(ProcessorKernels*)) {
      found.push_back(found.back());
      use(&found.back());
    };
#ifdef TINT_AVX
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
      add(UseAvx2);
      if (__builtin_cpu_supports("avx512f")) add(UseAvx512);
    }
#else
    static_cast<void>(add);
#endif
    return found;
  }();
  return sets;
}

const ProcessorKernels& ActiveKernels() { return SupportedKernels().back(); }

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "active_kernels.h"

#include "tint/cpu/cpu_isa.h"

namespace tint {

const std::vector<CpuKernels>& SupportedKernels() {
  static const std::vector<CpuKernels> sets = [] {
    std::vector<CpuKernels> found(1);
    UseBaseline(&found.back());
    // Each set is the one before, with those passes replaced that are faster.
    const auto add = [&found](void (*use)(CpuKernels*)) {
      found.push_back(found.back());
      use(&found.back());
    };
#ifdef TINT_AVX
    if (BestCpuIsa() >= CpuIsa::kAvx2) add(UseAvx2);
    if (BestCpuIsa() >= CpuIsa::kAvx512) add(UseAvx512);
#else
    static_cast<void>(add);
#endif
    return found;
  }();
  return sets;
}

const CpuKernels& ActiveKernels() { return SupportedKernels().back(); }

}  // namespace tint

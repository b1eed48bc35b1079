// SPDX-License-Identifier: Apache-2.0
#include "amx.h"
#include "tint/cpu/cpu_isa.h"

namespace tint {

#ifdef TINT_AVX

const AmxKernels* ActiveAmxKernels() {
  static const AmxKernels kernels = [] {
    AmxKernels all = {};
    UseAmxConv3x3(&all);
    UseAmxConvStem(&all);
    return all;
  }();
  return HasAmx() ? &kernels : nullptr;
}

#else

const AmxKernels* ActiveAmxKernels() { return nullptr; }

#endif

}  // namespace tint

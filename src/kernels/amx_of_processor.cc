#include <ATen/cpu/Utils.h>

#include "amx.h"

namespace tint {

#ifdef TINT_AVX

const AmxKernels* AmxOfThisProcessor() {
  // init_amx asks the system for the tiles' registers, once a process.
  static const bool runs = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("amx-bf16") &&
                           at::cpu::init_amx();
  static const AmxKernels kernels = [] {
    AmxKernels all = {};
    UseAmxConvolutions(&all);
    UseAmxFirstLayers(&all);
    return all;
  }();
  return runs ? &kernels : nullptr;
}

#else

const AmxKernels* AmxOfThisProcessor() { return nullptr; }

#endif

}  // namespace tint

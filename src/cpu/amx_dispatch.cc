#include <ATen/cpu/Utils.h>

#ifdef TINT_AVX
#include <cpuid.h>
#endif

#include "amx.h"

namespace tint {

#ifdef TINT_AVX

namespace {

// Leaf 7 of CPUID; a word that __builtin_cpu_supports knows in GCC alone.
bool MultipliesBfloat16OnTiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmxBfloat16 = 1U << 22;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxBfloat16) != 0;
}

}  // namespace

const AmxKernels* ActiveAmxKernels() {
  // init_amx asks the system for the tiles' registers, once a process.
  static const bool runs = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512bw") && MultipliesBfloat16OnTiles() && at::cpu::init_amx();
  static const AmxKernels kernels = [] {
    AmxKernels all = {};
    UseAmxConvolutions(&all);
    UseAmxFirstLayers(&all);
    return all;
  }();
  return runs ? &kernels : nullptr;
}

#else

const AmxKernels* ActiveAmxKernels() { return nullptr; }

#endif

}  // namespace tint

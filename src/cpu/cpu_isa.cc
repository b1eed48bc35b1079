// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/cpu_isa.h"

#include <ATen/Context.h>
#include <ATen/cpu/Utils.h>
#include <ATen/detail/CUDAHooksInterface.h>

#ifdef TINT_AVX
#include <cpuid.h>
#endif

namespace tint {

#ifdef TINT_AVX

namespace {

// Leaf 7 of CPUID; only GCC has a word for it that __builtin_cpu_supports knows.
bool HasBfloat16Tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kAmxBfloat16 = 1U << 22;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kAmxBfloat16) != 0;
}

}  // namespace

CpuIsa BestCpuIsa() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CpuIsa::kBaseline;
  return __builtin_cpu_supports("avx512f") ? CpuIsa::kAvx512 : CpuIsa::kAvx2;
}

bool HasAmx() {
  // init_amx asks the kernel for the tiles' registers.
  static const bool has = BestCpuIsa() == CpuIsa::kAvx512 && __builtin_cpu_supports("avx512bf16") &&
                          __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                          HasBfloat16Tiles() && at::cpu::init_amx();
  return has;
}

#else

CpuIsa BestCpuIsa() { return CpuIsa::kBaseline; }

bool HasAmx() { return false; }

#endif

std::string CpuIsaName(CpuIsa isa) {
  switch (isa) {
    case CpuIsa::kAvx512:
      return "AVX-512";
    case CpuIsa::kAvx2:
      return "AVX2";
    case CpuIsa::kBaseline:
      break;
  }
  return "baseline";
}

bool HasFastBfloat16(const c10::Device& device) {
  if (device.is_cpu()) return HasAmx();
  return device.is_cuda() && at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

}  // namespace tint

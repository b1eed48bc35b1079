#include "tint/cpu/processor.h"

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <malloc.h>

#include <fstream>
#include <limits>
#include <string>

namespace tint {
namespace {

// The kernel's list, and not CPUID: it leaves out what the system has switched off.
bool ProcessorHas(const std::string& flag) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flags") || line.starts_with("Features"))
      return (line + " ").find(" " + flag + " ") != std::string::npos;
  }
  return false;
}

}  // namespace

bool HasFastBfloat16(const c10::Device& device) {
  if (device.is_cpu()) {
    static const bool pays = ProcessorHas("amx_bf16");
    return pays;
  }
  return device.is_cuda() && at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

void KeepFreedMemory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
}

}  // namespace tint

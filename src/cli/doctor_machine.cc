// SPDX-License-Identifier: Apache-2.0
// doctor: processor, memory, disk, locale, libraries, GPU.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <opencv2/core/version.hpp>
#include <thread>

#include "doctor.h"
#include "tint/artifacts/version.h"
#include "tint/base/file.h"
#include "tint/base/shell.h"
#include "tint/base/text.h"
#include "tint/cpu/cpu_isa.h"
#include "tint/tensor/device.h"
#include "tint/tensor/matmul_rate.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

using State = Finding::State;

constexpr uint64_t kLittleMemory = uint64_t{2} << 30;  // a run with Stable Diffusion takes more
constexpr uint64_t kLittleDisk = uint64_t{5} << 30;    // 20,000 generated images take about 3 GiB

Finding Processor(int threads) {
  const CpuIsa isa = BestCpuIsa();
  const bool bfloat16 = HasFastBfloat16(c10::Device(c10::kCPU));
  const std::string rate = fmt::format("{:.3g} GFLOP/s", MeasureMatmulRate(c10::Device(c10::kCPU), c10::kFloat) / 1e9);
  return {.topic = "processor",
          .state = isa == CpuIsa::kBaseline ? State::kWarning : State::kOk,
          .what = std::to_string(std::thread::hardware_concurrency()) + " cores, " + std::to_string(threads) +
                  " intra-op threads, " + rate + " in a float32 matrix product; " +
                  (isa == CpuIsa::kBaseline ? "no AVX2: some steps are several times slower"
                                            : CpuIsaName(isa) + " kernels") +
                  (bfloat16 ? "; training is faster in bfloat16" : "; training would not be faster in bfloat16"),
          .fix = "",
          .blocks = {}};
}

Finding Memory() {
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)),
             page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t available = AvailableBytes(c10::Device(c10::kCPU));
  Finding finding{.topic = "memory",
                  .state = State::kOk,
                  .what = FormatBytes(available) + " of " + FormatBytes(pages * page) + " available",
                  .fix = "",
                  .blocks = {}};
  if (available == 0 || available >= kLittleMemory) return finding;
  finding.state = State::kWarning;
  finding.what += "; too little for Stable Diffusion: its stages stop (exit code 71) and name the batch size that fits";
  finding.fix =
      "tint specialize --generate.batch-size 1 --null-text-inversion.batch-size 1 --textual-inversion.batch-size 1";
  return finding;
}

Finding Disk(const std::string& folder) {
  const std::filesystem::path place = folder.empty() ? std::filesystem::current_path() : std::filesystem::path(folder);
  const uint64_t free = FreeBytes(place);
  Finding finding{.topic = "disk",
                  .state = State::kOk,
                  .what = FormatBytes(free) + " free " + (folder.empty() ? "here" : "for " + Quote(folder)),
                  .fix = "",
                  .blocks = {}};
  if (free >= kLittleDisk) return finding;
  finding.state = State::kWarning;
  finding.what += "; a run with 4,000 images per class needs more";
  finding.fix = "tint specialize --dry-run --run " + ShellQuoted(folder.empty() ? "RUN" : folder);
  return finding;
}

// Names of classes are UTF-8, and are printed to the terminal unchanged.
Finding Locale() {
  std::string locale;
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    locale = std::string(name) + "=" + value;
    break;
  }
  std::string folded;
  for (const char c : locale) {
    if (c != '-') folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (folded.find("utf8") != std::string::npos)
    return {.topic = "locale", .state = State::kOk, .what = locale, .fix = "", .blocks = {}};
  return {
      .topic = "locale",
      .state = State::kWarning,
      .what = (locale.empty() ? "not set" : Quote(locale)) +
              ": class names are UTF-8, and this terminal may not show all of them correctly; results are not affected",
      .fix = "export LC_ALL=C.UTF-8",
      .blocks = {}};
}

Finding Gpu() {
  const auto is_there = [](const char* path) {
    std::error_code ignored;
    return std::filesystem::exists(path, ignored);
  };
  Finding finding{.topic = "gpu", .state = State::kOk, .what = "", .fix = "", .blocks = {}};
  try {
    finding.what = DeviceClass(ChooseDevice("cuda"));
    return finding;
  } catch (const Error& error) {
    finding.what = error.what();
  }
  finding.state = State::kWarning;
  const bool driver = is_there("/dev/nvidiactl") || is_there("/proc/driver/nvidia/version");
  if (!driver) {
    finding.what = "no NVIDIA GPU: everything runs on the CPU";
  } else if (finding.what.find("scripts/setup --cuda") != std::string::npos) {
    finding.fix = "scripts/setup --cuda";
  }
  return finding;
}

}  // namespace

Findings ExamineMachine(const std::string& folder) {
  const int threads = SetUpTensorLibrary(0);
  const Finding versions{.topic = "tint",
                         .state = State::kOk,
                         .what = ToolVersion() + ", LibTorch " + TorchVersion() + ", OpenCV " + CV_VERSION,
                         .fix = "",
                         .blocks = {}};
  return {versions, Processor(threads), Gpu(), Memory(), Disk(folder), Locale()};
}

}  // namespace tint

// doctor: processor, memory, disk, locale, libraries, GPU.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <opencv2/core/version.hpp>
#include <thread>

#include "doctor.h"
#include "tint/artifacts/stage_folder.h"
#include "tint/base/file.h"
#include "tint/base/shell.h"
#include "tint/base/text.h"
#include "tint/cpu/processor.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

using State = Finding::State;

constexpr uint64_t kLittleMemory = uint64_t{2} << 30;  // a row of the real models takes more
constexpr uint64_t kLittleDisk = uint64_t{5} << 30;    // 20,000 generated images take about 3 GiB

// The sets of own kernels that the program chooses among (src/kernels/processor_kernels.cc).
std::string KernelsHere() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx2")) return "AVX-512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
#endif
  return "";
}

Finding Processor(int threads) {
  const std::string kernels = KernelsHere();
  const bool bfloat16 = HasFastBfloat16(c10::Device(c10::kCPU));
  char rate[64];
  std::snprintf(rate, sizeof rate, "%.3g GFLOP/s", MeasureMatmulRate(c10::Device(c10::kCPU), c10::kFloat) / 1e9);
  return {
      .topic = "processor",
      .state = kernels.empty() ? State::kNote : State::kOk,
      .what = std::to_string(std::thread::hardware_concurrency()) + " cores, " + std::to_string(threads) +
              " threads of arithmetic, " + rate + " in a float32 matrix product; kernels for " +
              (kernels.empty() ? "any processor, as AVX2 is absent: some steps are several times slower" : kernels) +
              (bfloat16 ? "; training in bfloat16 pays" : "; training in bfloat16 does not pay"),
      .fix = "",
      .blocks = {}};
}

Finding Memory() {
  const auto pages = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)),
             page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  const uint64_t available = AvailableBytes(c10::Device(c10::kCPU));
  Finding finding{.topic = "memory",
                  .state = State::kOk,
                  .what = FormatBytes(available) + " of " + FormatBytes(pages * page) + " can be taken",
                  .fix = "",
                  .blocks = {}};
  if (available == 0 || available >= kLittleMemory) return finding;
  finding.state = State::kNote;
  finding.what += "; little for real models: their stages stop (exit code 71) and say which batch fits";
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
  finding.state = State::kNote;
  finding.what += "; a run of 4,000 images a class takes more";
  finding.fix = "tint specialize --dry-run --run " + ShellQuoted(folder.empty() ? "RUN" : folder);
  return finding;
}

// Names of classes are UTF-8; they go to the terminal as they are.
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
      .state = State::kNote,
      .what = (locale.empty() ? "not set" : Quote(locale)) +
              ": names of classes are UTF-8, and a terminal of another locale shows some wrongly; results are right",
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
  finding.state = State::kNote;
  const bool driver = is_there("/dev/nvidiactl") || is_there("/proc/driver/nvidia/version");
  if (!driver) {
    finding.what = "none of NVIDIA's in this machine: everything computes on the processor";
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

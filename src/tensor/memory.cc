// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/memory.h"

#include <c10/core/CachingDeviceAllocator.h>
#include <malloc.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <string>

#include "tint/base/error.h"
#include "tint/base/file.h"

namespace tint {
namespace {

// "VmHWM:  123 kB" -> bytes; kB means 1024 bytes, proc(5).
uint64_t KilobytesOf(const char* file, const std::string& name) {
  const std::string text = ReadFile(file, 1 << 20);
  const size_t at = text.find(name);
  TINT_CHECK(at != std::string::npos) << file << " names no " << name;
  return std::strtoull(text.c_str() + at + name.size(), nullptr, 10) * 1024;
}

// The page cache of this control group: counted as used, but released when memory is needed.
uint64_t PageCacheBytes() {
  std::ifstream stream("/sys/fs/cgroup/memory.stat");
  uint64_t bytes = 0, value = 0;
  for (std::string name; stream >> name >> value;) {
    if (name == "active_file" || name == "inactive_file") bytes += value;
  }
  return bytes;
}

c10::DeviceIndex IndexOf(const c10::Device& device) { return std::max<c10::DeviceIndex>(device.index(), 0); }

constexpr auto kAggregate = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

// Null on the CPU, and before the first allocation on the device: until then CUDA's allocator throws instead of giving
// statistics.
c10::DeviceAllocator* InitializedAllocator(const c10::Device& device) {
  if (device.is_cpu()) return nullptr;
  c10::DeviceAllocator* allocator = c10::getDeviceAllocator(device.type());
  return allocator->initialized() ? allocator : nullptr;
}

// Bytes of live blocks, now and at most since ResetPeaks; zeros without an allocator.
c10::CachingAllocator::Stat AllocatedBytes(const c10::Device& device) {
  c10::DeviceAllocator* allocator = InitializedAllocator(device);
  return allocator ? allocator->getDeviceStats(IndexOf(device)).allocated_bytes[kAggregate]
                   : c10::CachingAllocator::Stat{};
}

}  // namespace

// 32 MiB is the largest threshold glibc takes; above it blocks still come and go, which bounds the memory that is held
// without being used.
void KeepFreedBlocks() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
}

void KeepFreedMemory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
}

void ResetPeaks(const c10::Device& device) {
  std::ofstream("/proc/self/clear_refs") << "5";  // proc(5): resets VmHWM
  if (c10::DeviceAllocator* allocator = InitializedAllocator(device)) allocator->resetPeakStats(IndexOf(device));
}

uint64_t PeakHostBytes() { return KilobytesOf("/proc/self/status", "VmHWM:"); }

uint64_t PeakDeviceBytes(const c10::Device& device) { return static_cast<uint64_t>(AllocatedBytes(device).peak); }

uint64_t HeldBytes(const c10::Device& device) {
  if (device.is_cpu()) return KilobytesOf("/proc/self/status", "VmRSS:");
  return static_cast<uint64_t>(AllocatedBytes(device).current);
}

uint64_t AvailableBytes(const c10::Device& device) {
  if (!device.is_cpu()) {
    // What the allocator keeps without using it is available, too.
    int64_t cached = 0;
    if (c10::DeviceAllocator* allocator = InitializedAllocator(device)) {
      const auto stats = allocator->getDeviceStats(IndexOf(device));
      cached = stats.reserved_bytes[kAggregate].current - stats.allocated_bytes[kAggregate].current;
    }
    return c10::getDeviceAllocator(device.type())->getMemoryInfo(IndexOf(device)).first +
           static_cast<uint64_t>(std::max<int64_t>(cached, 0));
  }
  uint64_t available = KilobytesOf("/proc/meminfo", "MemAvailable:");
  const auto number = [](const char* file) -> std::optional<uint64_t> {
    std::ifstream stream(file);  // "max" where there is no limit
    uint64_t value = 0;
    return stream >> value ? std::optional(value) : std::nullopt;
  };
  const auto limit = number("/sys/fs/cgroup/memory.max"), used = number("/sys/fs/cgroup/memory.current");
  if (limit && used) {
    const uint64_t kept = *used - std::min(*used, PageCacheBytes());
    available = std::min(available, *limit > kept ? *limit - kept : 0);
  }
  return available;
}

}  // namespace tint

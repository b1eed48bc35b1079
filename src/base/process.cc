// SPDX-License-Identifier: Apache-2.0
#include "tint/base/process.h"

#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <optional>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// Inode of the initial process-id namespace: PROC_PID_INIT_INO in linux/proc_ns.h, the same at every boot.
constexpr ino_t kInitialPidNamespace = 0xEFFFFFFC;

std::string HostName() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0') return "unknown-host";
  return name;
}

// Containers can share a host's name and boot but not its process ids: theirs count as another host.
std::string PidSpace() {
  struct stat status {};
  if (stat("/proc/self/ns/pid", &status) != 0 || status.st_ino == kInitialPidNamespace) return "";
  return "/pid:" + std::to_string(status.st_ino);
}

std::string BootId() {
  try {
    std::string id = ReadFile("/proc/sys/kernel/random/boot_id", 4096);
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return id;
  } catch (const Error&) {
    return "unknown-boot";
  }
}

struct ProcessStatus {
  char state = '?';
  uint64_t start_ticks = 0;
};

// Fields 3 and 22 of /proc/PID/stat (proc(5)). Field 2, the program's name, may hold blanks and brackets.
std::optional<ProcessStatus> LookUp(int64_t pid) {
  std::string text;
  try {
    text = ReadFile("/proc/" + std::to_string(pid) + "/stat", 1 << 16);
  } catch (const Error&) {
    return std::nullopt;
  }
  const size_t bracket = text.rfind(") ");
  if (bracket == std::string::npos) return std::nullopt;
  const std::vector<std::string> fields = Split(std::string_view(text).substr(bracket + 2), ' ');
  if (fields.size() < 20 || fields[0].empty()) return std::nullopt;
  ProcessStatus status{.state = fields[0][0]};
  const std::string& ticks = fields[19];
  if (std::from_chars(ticks.data(), ticks.data() + ticks.size(), status.start_ticks).ec != std::errc())
    return std::nullopt;
  return status;
}

}  // namespace

ProcessIdentity ThisProcess() {
  ProcessIdentity self{.host = HostName() + PidSpace(), .boot_id = BootId(), .pid = getpid()};
  if (const auto status = LookUp(self.pid)) self.start_ticks = status->start_ticks;
  return self;
}

bool IsKnownDead(const ProcessIdentity& process) {
  const ProcessIdentity self = ThisProcess();
  if (process.host != self.host || process.boot_id != self.boot_id || process.pid <= 0) return false;
  if (self.start_ticks == 0) return false;  // without /proc nothing is known
  const auto status = LookUp(process.pid);
  // A zombie has ended; its parent has not waited for it yet.
  return !status || status->start_ticks != process.start_ticks || status->state == 'Z' || status->state == 'X';
}

}  // namespace tint

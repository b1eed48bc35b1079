// SPDX-License-Identifier: Apache-2.0
// The identity of a process, for temporaries and leases.
#pragma once

#include <cstdint>
#include <string>

namespace tint {

struct ProcessIdentity {
  std::string host;     // its name; inside a container also the number of its process-id namespace
  std::string boot_id;  // /proc/sys/kernel/random/boot_id
  int64_t pid = 0;
  uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat: distinguishes a reused pid from the old process
  bool operator==(const ProcessIdentity&) const = default;
};
ProcessIdentity ThisProcess();
// Same host and boot, and no process with this pid and start time. False for a process of another host or boot: whether
// it runs is unknown.
bool IsKnownDead(const ProcessIdentity& process);

}  // namespace tint

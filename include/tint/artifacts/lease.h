// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>

namespace tint {

// One worker an episode. Held by a file `.lease` in the episode's folder, made by link(2): host, boot, pid, heartbeat
// every 60 s in a thread. A dead owner on this host is replaced at once; one on another host when its heartbeat is
// older than 15 min. Held by a living owner: Error(kLeased) with host, pid, age. Locks only save compute: correctness
// rests on commits.
class Lease {
 public:
  explicit Lease(const std::filesystem::path& episode_folder,
                 std::chrono::milliseconds heartbeat = std::chrono::seconds(60));
  ~Lease();  // releases
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  // Removes the lease of a worker that died after its work was done.
  static void RemoveDead(const std::filesystem::path& episode_folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tint

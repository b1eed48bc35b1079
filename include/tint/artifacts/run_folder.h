// The run folder: the only code that knows its layout. docs/file-formats.md, The run folder.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tint/artifacts/stage_folder.h"

namespace tint {

inline constexpr uint64_t kSupportEpisode = ~uint64_t{0};  // the episode of your own photos: episodes/support

class RunFolder {
 public:
  // Makes the folder if it is absent and checks that it can be written, before any work: else Error(kCannotCreate).
  // Removes what killed runs left: temporaries of dead processes, and `.partial` beside a done.json.
  static RunFolder Create(const std::filesystem::path& folder);
  // A folder that may not exist yet, to plan with: nothing is made, checked or removed.
  static RunFolder ForPlanning(const std::filesystem::path& folder) { return RunFolder(folder); }
  // An existing run: absent: Error(kMissingInput); no run.json: likewise; run.json not true: Error(kCorrupt); newer:
  // kBadConfiguration.
  static RunFolder Open(const std::filesystem::path& folder);

  std::filesystem::path EpisodeFolder(uint64_t episode_idx) const;
  std::filesystem::path StagePath(uint64_t episode_idx, const StageKey& key) const;
  // RUN/shared/<stage>/<key>: results that all episodes use, such as features of the base images.
  std::filesystem::path SharedPath(const StageKey& key) const;
  // All stage results there, complete or not, of all episodes or one: (episode, stage, folder), in byte order.
  struct Entry {
    uint64_t episode_idx;
    std::string stage;
    std::filesystem::path folder;
    bool complete;  // done.json is there
  };
  std::vector<Entry> Entries() const;
  std::vector<Entry> SharedEntries() const;  // episode_idx 0

  // run.json without its seal ({} if absent). Update merges `part` into it key by key (objects deeply, others
  // replaced), and writes only when something changed, so that a repeated command touches no file.
  Json Manifest() const;
  void UpdateManifest(const Json& part);

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

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

  // Takes away what a worker left that died after its work was done, so that nobody takes the lease again.
  static void RemoveDead(const std::filesystem::path& episode_folder);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// `tint verify RUN`: every hash again. One sentence a problem, each naming the file; empty means whole. Incomplete
// stages are not problems; `checked_files` counts.
struct VerifyReport {
  int64_t checked_files = 0;
  int64_t complete_stages = 0;
  int64_t incomplete_stages = 0;
  std::vector<std::string> problems;
};
VerifyReport VerifyRun(const RunFolder& run);

// The components in which two keys differ, as "options.alpha: 1.0 -> 0.5" lines (for `inspect --why` and --dry-run).
std::vector<std::string> DifferencesOfKeys(const Json& old_components, const Json& new_components);

}  // namespace tint

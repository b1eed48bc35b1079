// SPDX-License-Identifier: Apache-2.0
// The run folder: which results it holds, and what run.json says of it. docs/file-formats.md, The run folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tint/artifacts/layout.h"
#include "tint/artifacts/stage_key.h"
#include "tint/base/json_fwd.h"

namespace tint {

class RunFolder {
 public:
  // Makes the folder if it is absent and checks that it can be written, before any work: else Error(kCannotCreate).
  // Removes what killed runs left: temporaries of dead processes, and `.partial` beside a done.json.
  static RunFolder Create(const std::filesystem::path& folder);
  // A folder that may not exist yet, to plan with: nothing is made or removed. Where there is a run.json, it is checked
  // as Open checks it.
  static RunFolder ForPlanning(const std::filesystem::path& folder);
  // An existing run. Absent, or no run.json in it: Error(kMissingInput). A damaged run.json: Error(kCorrupt). One of
  // another version of tint, whose options have other names: Error(kBadConfiguration).
  static RunFolder Open(const std::filesystem::path& folder);
  // As Open, but episodes without a run.json are accepted: that is a finding of VerifyRun.
  static RunFolder OpenToVerify(const std::filesystem::path& folder);

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

// Why nothing can be created in the existing folder `folder` ("Permission denied"), or "". Tried with a file that is
// removed at once.
std::string WhyNotWritable(const std::filesystem::path& folder);

}  // namespace tint

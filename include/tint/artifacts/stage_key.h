// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tint/base/json.h"

namespace tint {

// What a result depends on, and nothing else: docs/file-formats.md, Keys and done.json. The key is the first 12 digits
// of the SHA-256 of the canonical JSON.
struct StageKey {
  std::string stage;
  int64_t version = 1;                        // of the stage's code: raised when its bytes change
  Json options = Json::object();              // the options that this stage reads
  std::map<std::string, std::string> inputs;  // "support photos", "textual-inversion", ... -> content hash
  std::map<std::string, std::string> models;  // role -> SHA-256
  uint64_t seed = 0;
  uint64_t episode_idx = 0;  // random streams are keyed by it
  std::string device;        // DeviceClass
  std::string dtype;
  int64_t threads = 1;

  Json Components() const;
  std::string Hash() const;    // 64 digits
  std::string Folder() const;  // first 12
};

// The components in which two keys differ, as "options.alpha: 1.0 -> 0.5" lines (for `inspect --why` and --dry-run).
std::vector<std::string> DifferencesOfKeys(const Json& old_components, const Json& new_components);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// One stage's result: RUN/episodes/0000/<stage>/<key>/, immutable files and a completion record.
//
// done.json is written last and lists every file with its size and SHA-256: a stage is complete if and only if it is
// there and true.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tint/base/json.h"

namespace tint {

// Wall time and memory of the work, restarts summed; not part of any hash that must repeat.
struct StageCost {
  double seconds = 0;
  double device_seconds = 0;
  uint64_t peak_host_bytes = 0;
  uint64_t peak_device_bytes = 0;
};

struct FileRecord {
  uint64_t size = 0;
  std::string sha256;
};

// A completed result. Every read is checked against done.json: Error(kCorrupt) naming file, expected and found hash,
// and the command that rebuilds this stage.
class CompletedStage {
 public:
  // Empty if there is no done.json. A done.json that is invalid (syntax, seal, key that does not fit the
  // folder or the components, unknown schema: newer ones are Error(kBadConfiguration)) is Error(kCorrupt).
  static std::optional<CompletedStage> Open(const std::filesystem::path& folder);
  // As Open, for a result that somebody copied out of its run: the folder may have any name.
  static std::optional<CompletedStage> OpenCopy(const std::filesystem::path& folder);

  // Sizes and hashes of all listed files, and that there is nothing unlisted but temporaries and logs: problems as
  // sentences.
  std::vector<std::string> Problems() const;
  void Verify() const;  // throws Error(kCorrupt) with the first of Problems()

  std::string Read(const std::string& file) const;
  std::vector<std::string> Files() const;  // in byte order
  const std::filesystem::path& folder() const { return folder_; }
  const Json& components() const { return components_; }
  const Json& metrics() const { return metrics_; }  // figures of the result (losses, counts): part of the content
  const std::string& key() const { return key_; }   // 12 digits
  // SHA-256 of the canonical JSON of {file: sha256} and metrics: what later stages take as this input's hash.
  const std::string& content_sha256() const { return content_sha256_; }
  const StageCost& cost() const { return cost_; }
  std::filesystem::file_time_type finished_at() const;  // when done.json was written; no hash depends on it
  bool Has(const std::string& file) const;              // whether done.json lists it

 private:
  static std::optional<CompletedStage> Open(const std::filesystem::path& folder, bool copied);

  std::filesystem::path folder_;
  std::string key_, content_sha256_;
  Json components_, metrics_;
  std::map<std::string, FileRecord> files_;
  StageCost cost_;
};

}  // namespace tint

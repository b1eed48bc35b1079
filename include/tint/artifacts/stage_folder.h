// One stage's result: RUN/episodes/0000/<stage>/<key>/, immutable files and a completion record.
//
// done.json is written last and lists every file with size and SHA-256: a stage is complete if and only if it is there
// and true. Everything is written by temporary name, fsync, link; work in progress lies in `.partial/` below the folder
// and goes when the stage is done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tint/base/json.h"

namespace tint {

// "0.1.0": written into every record, beside the schema of records.
std::string ToolVersion();

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
  // Empty if there is no done.json. A done.json that is there but not true (syntax, seal, key that does not fit the
  // folder or the components, unknown schema: newer ones are Error(kBadConfiguration)) is Error(kCorrupt).
  static std::optional<CompletedStage> Open(const std::filesystem::path& folder);
  // As Open, for a result that somebody copied out of its run: the folder may have any name.
  static std::optional<CompletedStage> OpenCopy(const std::filesystem::path& folder);

  // Sizes and hashes of all listed files, and that nothing unlisted lies there but temporaries: problems as sentences.
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

 private:
  static std::optional<CompletedStage> Open(const std::filesystem::path& folder, bool copied);

  std::filesystem::path folder_;
  std::string key_, content_sha256_;
  Json components_, metrics_;
  std::map<std::string, FileRecord> files_;
  StageCost cost_;
};

// A result in the making.
class StageWriter {
 public:
  // Creates the folder (its last part must be key.Folder()) and takes up what an earlier, interrupted run left: files
  // whose bytes no longer match the ledger are removed, with a warning, so that they are made again.
  // TINT_CHECKPOINT_SECONDS that is no number >= 0: Error(kBadConfiguration).
  StageWriter(std::filesystem::path folder, const StageKey& key);

  // Commits a finished file and notes its hash in `.partial/ledger.json`. `name` is ours, never a user's (checked:
  // [A-Za-z0-9._-]).
  void Put(const std::string& name, std::string_view bytes);
  // True if an earlier run put this file and it is still true.
  bool Has(const std::string& name) const;
  std::string Read(const std::string& name) const;

  // State inside the stage, replaced at once. Load gives nothing if there is none, or if it does not match its own hash
  // (then the work is done again, and a warning says so).
  void SaveCheckpoint(const std::string& name, std::string_view bytes);
  std::optional<std::string> LoadCheckpoint(const std::string& name) const;
  void DropCheckpoint(const std::string& name);
  // True at most every TINT_CHECKPOINT_SECONDS (default 20; 0: always): time to save again. By a clock that only grows.
  bool CheckpointDue() const;

  // Cost of earlier, interrupted runs of this key, as their checkpoints noted it.
  const StageCost& EarlierCost() const { return earlier_; }
  // Asked, whenever finished work is noted, for what this process has cost so far: an interrupted run's cost counts.
  // Without it only wall time does.
  void MeasureCostBy(std::function<StageCost()> cost_so_far) { cost_so_far_ = std::move(cost_so_far); }

  // Writes done.json and removes `.partial`. `cost` is this process's; that of earlier runs is added here (seconds
  // summed, peaks the larger). A done.json that stands there already is accepted if it differs in cost alone: else
  // Error(kInternal).
  CompletedStage Finish(const Json& metrics, StageCost cost);
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
  void TakeUpLedger();
  void WriteLedger() const;
  StageCost TotalCost(StageCost of_this_process) const;
  std::string CheckpointSeal(const std::string& name, std::string_view bytes) const;

  StageKey key_;
  std::string key_sha256_;
  std::map<std::string, FileRecord> ledger_;
  StageCost earlier_;
  std::function<StageCost()> cost_so_far_;
  double checkpoint_seconds_ = 20;
  double started_ = 0;  // seconds of the steady clock
  mutable double last_checkpoint_ = 0;
};

}  // namespace tint

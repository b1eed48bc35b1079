// SPDX-License-Identifier: Apache-2.0
// The members of done.json and of ledgers, between memory and JSON, and files checked against them.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tint/artifacts/completed_stage.h"
#include "tint/base/json.h"

namespace tint::internal {

// The file's bytes, or Error(kCorrupt) naming what was found, what was recorded, and the command that rebuilds the
// stage.
std::string ReadRecorded(const std::filesystem::path& folder, const std::string& name, const FileRecord& record);
// The same check without holding the bytes.
void CheckRecorded(const std::filesystem::path& folder, const std::string& name, const FileRecord& record);

Json FilesToJson(const std::map<std::string, FileRecord>& files);
std::map<std::string, FileRecord> FilesFromJson(const JsonDocument& document, const std::string& pointer);
Json CostToJson(const StageCost& cost);
StageCost CostFromJson(const JsonDocument& document, const std::string& pointer);

// SHA-256 of the canonical JSON of {"files": {name: sha256}, "metrics": metrics}.
std::string ContentHash(const std::map<std::string, FileRecord>& files, const Json& metrics);

struct CompletionRecord {
  std::string key_sha256, content_sha256;
  Json components, metrics;
  std::map<std::string, FileRecord> files;
  StageCost cost;
};
// done.json of `folder`, every member checked against the others and the folder's name: Error(kCorrupt), or
// kBadConfiguration if newer. `copied`: the folder may have another name.
CompletionRecord ParseCompletion(const std::string& text, const std::filesystem::path& folder, bool copied = false);

}  // namespace tint::internal

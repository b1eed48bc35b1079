// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/completed_stage.h"

#include "record.h"
#include "stage_record.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/temporaries.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;
using internal::FileKind;

namespace internal {

namespace {

[[noreturn]] void FailFile(const fs::path& folder, const std::string& name, const std::string& found,
                           const std::string& expected) {
  Fail(ExitCode::kCorrupt,
       {.file = folder / name, .found = found, .expected = expected, .remedy = RebuildHint(folder)});
}

// Kind and size: what is known without reading.
void CheckPresence(const fs::path& folder, const std::string& name, const FileRecord& record) {
  const std::string expected = std::to_string(record.size) + " bytes with SHA-256 " + record.sha256;
  const FileKind kind = KindOf(folder / name);
  if (kind == FileKind::kAbsent) FailFile(folder, name, "does not exist", expected);
  if (kind != FileKind::kRegular) FailFile(folder, name, "is a link, a folder or a device", expected);
  std::error_code error;
  const uint64_t size = fs::file_size(folder / name, error);
  if (error) Fail(ExitCode::kInputOutput, {.file = folder / name, .found = error.message()});
  if (size != record.size) FailFile(folder, name, "has " + std::to_string(size) + " bytes", expected);
}

void CheckHash(const fs::path& folder, const std::string& name, const FileRecord& record, const std::string& found) {
  if (found != record.sha256) FailFile(folder, name, "has SHA-256 " + found, "SHA-256 " + record.sha256);
}

}  // namespace

std::string ReadRecorded(const fs::path& folder, const std::string& name, const FileRecord& record) {
  CheckPresence(folder, name, record);
  std::string bytes = ReadFile(folder / name);
  CheckHash(folder, name, record, Sha256Hex(bytes));
  return bytes;
}

void CheckRecorded(const fs::path& folder, const std::string& name, const FileRecord& record) {
  CheckPresence(folder, name, record);
  CheckHash(folder, name, record, Sha256OfFile(folder / name));
}

Json FilesToJson(const std::map<std::string, FileRecord>& files) {
  Json out = Json::object();
  for (const auto& [name, record] : files) out[name] = {{"size", record.size}, {"sha256", record.sha256}};
  return out;
}

std::map<std::string, FileRecord> FilesFromJson(const JsonDocument& document, const std::string& pointer) {
  constexpr ExitCode kCode = ExitCode::kCorrupt;
  std::map<std::string, FileRecord> files;
  for (const auto& member : RequireObject(document, pointer, kCode).items()) {
    const std::string& name = member.key();
    if (!IsArtifactName(name) || name == kDoneFile) {
      document.Fail(kCode, pointer, "names a file " + Quote(name), "names of [A-Za-z0-9._-] alone");
    }
    const std::string place = pointer + "/" + name;
    RejectUnknownKeys(document, place, {"size", "sha256"}, kCode);
    FileRecord& record = files[name];
    record.size = static_cast<uint64_t>(RequireInteger(document, place + "/size", 0, INT64_MAX, kCode));
    record.sha256 = RequireString(document, place + "/sha256", kCode);
    if (!IsHex(record.sha256, 64)) document.Fail(kCode, place + "/sha256", "is not a SHA-256", "64 digits");
  }
  return files;
}

Json CostToJson(const StageCost& cost) {
  return {{"seconds", cost.seconds},
          {"device_seconds", cost.device_seconds},
          {"peak_host_bytes", cost.peak_host_bytes},
          {"peak_device_bytes", cost.peak_device_bytes}};
}

StageCost CostFromJson(const JsonDocument& document, const std::string& pointer) {
  constexpr ExitCode kCode = ExitCode::kCorrupt;
  constexpr double kLongest = 1e12;  // seconds: 30,000 years
  auto bytes = [&](const char* name) {
    return static_cast<uint64_t>(RequireInteger(document, pointer + name, 0, INT64_MAX, kCode));
  };
  return {.seconds = RequireNumber(document, pointer + "/seconds", 0, kLongest, kCode),
          .device_seconds = RequireNumber(document, pointer + "/device_seconds", 0, kLongest, kCode),
          .peak_host_bytes = bytes("/peak_host_bytes"),
          .peak_device_bytes = bytes("/peak_device_bytes")};
}

std::string ContentHash(const std::map<std::string, FileRecord>& files, const Json& metrics) {
  Json hashes = Json::object();
  for (const auto& [name, record] : files) hashes[name] = record.sha256;
  return Sha256Hex(CanonicalJson({{"files", hashes}, {"metrics", metrics}}));
}

CompletionRecord ParseCompletion(const std::string& text, const fs::path& folder, bool copied) {
  constexpr ExitCode kCode = ExitCode::kCorrupt;
  const JsonDocument document = ParseRecord(text, folder / kDoneFile, {.corrupt_remedy = RebuildHint(folder)});
  auto require = [&](const char* pointer, const std::string& expected) {
    const std::string found = RequireString(document, pointer, kCode);
    if (found != expected) document.Fail(kCode, pointer, "is " + Quote(found), expected, RebuildHint(folder));
  };
  CompletionRecord record;
  record.components = RequireObject(document, "/components", kCode);
  record.metrics = RequireObject(document, "/metrics", kCode);
  record.files = FilesFromJson(document, "/files");
  record.cost = CostFromJson(document, "/cost");
  record.key_sha256 = Sha256Hex(CanonicalJson(record.components));
  record.content_sha256 = ContentHash(record.files, record.metrics);
  require("/key_sha256", record.key_sha256);
  require("/key", record.key_sha256.substr(0, 12));
  if (!copied) require("/key", folder.filename());
  require("/stage", RequireString(document, "/components/stage", kCode));
  require("/content_sha256", record.content_sha256);
  return record;
}

}  // namespace internal

std::optional<CompletedStage> CompletedStage::Open(const fs::path& folder) { return Open(folder, false); }

std::optional<CompletedStage> CompletedStage::OpenCopy(const fs::path& folder) { return Open(folder, true); }

std::optional<CompletedStage> CompletedStage::Open(const fs::path& folder, bool copied) {
  const auto text = internal::ReadOwnFile(folder / kDoneFile);
  if (!text) return std::nullopt;
  internal::CompletionRecord record = internal::ParseCompletion(*text, folder, copied);
  CompletedStage stage;
  stage.folder_ = folder;
  stage.key_ = record.key_sha256.substr(0, 12);
  stage.content_sha256_ = record.content_sha256;
  stage.components_ = std::move(record.components);
  stage.metrics_ = std::move(record.metrics);
  stage.files_ = std::move(record.files);
  stage.cost_ = record.cost;
  return stage;
}

std::vector<std::string> CompletedStage::Problems() const {
  std::vector<std::string> problems;
  for (const auto& [name, record] : files_) {
    try {
      internal::CheckRecorded(folder_, name, record);
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  }
  for (const std::string& name : internal::NamesIn(folder_)) {
    if (files_.contains(name) || name == kDoneFile) continue;
    const FileKind kind = internal::KindOf(folder_ / name);
    if (kind == FileKind::kFolder && name == kPartialFolder) continue;
    if (kind == FileKind::kRegular && (IsTemporaryName(name) || name.ends_with(".log"))) continue;
    problems.push_back(ToString(ErrorDetail{.file = folder_ / name,
                                            .found = "is not listed in done.json",
                                            .expected = "the listed files, logs and temporaries alone"}));
  }
  return problems;
}

void CompletedStage::Verify() const {
  const std::vector<std::string> problems = Problems();
  if (!problems.empty()) Fail(ExitCode::kCorrupt, problems.front());
}

std::string CompletedStage::Read(const std::string& file) const {
  const auto found = files_.find(file);
  TINT_CHECK(found != files_.end()) << Quote(file) << " is not a file of " << folder_;
  return internal::ReadRecorded(folder_, file, found->second);
}

bool CompletedStage::Has(const std::string& file) const { return files_.contains(file); }

fs::file_time_type CompletedStage::finished_at() const {
  std::error_code ignored;
  return fs::last_write_time(folder_ / kDoneFile, ignored);
}

std::vector<std::string> CompletedStage::Files() const {
  std::vector<std::string> names;
  for (const auto& file : files_) names.push_back(file.first);
  return names;
}

}  // namespace tint

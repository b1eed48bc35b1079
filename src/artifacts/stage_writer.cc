// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/stage_writer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "record.h"
#include "stage_record.h"
#include "tint/artifacts/version.h"
#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/sha256.h"
#include "tint/base/temporaries.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;

namespace {

constexpr double kDefaultCheckpointSeconds = 20;
constexpr size_t kSealDigits = 64;  // of SHA-256

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double CheckpointSeconds() {
  const char* text = std::getenv("TINT_CHECKPOINT_SECONDS");
  if (text == nullptr || *text == '\0') return kDefaultCheckpointSeconds;
  const std::string_view digits(text);
  double seconds = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error == std::errc() && end == digits.data() + digits.size() && std::isfinite(seconds) && seconds >= 0) {
    return seconds;
  }
  Fail(ExitCode::kBadConfiguration, {.field = "TINT_CHECKPOINT_SECONDS",
                                     .found = "is " + Quote(digits),
                                     .expected = "a number of seconds >= 0 (0: at every opportunity)"});
}

void CheckName(const std::string& name, const char* reserved) {
  TINT_CHECK(IsArtifactName(name) && name != reserved) << Quote(name) << " is not a name for a file of a stage";
}

}  // namespace

StageWriter::StageWriter(fs::path folder, const StageKey& key)
    : folder_(std::move(folder)),
      key_(key),
      key_sha256_(key.Hash()),
      checkpoint_seconds_(CheckpointSeconds()),
      started_(SteadySeconds()),
      last_checkpoint_(started_) {
  TINT_CHECK_EQ(folder_.filename().native(), key_sha256_.substr(0, 12));
  CreateFoldersDurably(folder_);
  internal::CheckNotLink(folder_ / kPartialFolder);
  RemoveDeadTemporaries(folder_);
  ReadLedger();
}

void StageWriter::ReadLedger() {
  const fs::path file = folder_ / kPartialFolder / internal::kLedgerFile;
  std::map<std::string, FileRecord> listed;
  try {
    const auto text = internal::ReadOwnFile(file);
    if (!text) return;
    const JsonDocument document = internal::ParseRecord(*text, file, {});
    if (RequireString(document, "/key_sha256", ExitCode::kCorrupt) != key_sha256_) {
      document.Fail(ExitCode::kCorrupt, "/key_sha256", "is another result's", key_sha256_);
    }
    earlier_ = internal::CostFromJson(document, "/cost");
    listed = internal::FilesFromJson(document, "/files");
  } catch (const Error& error) {
    if (error.code() != ExitCode::kCorrupt && error.code() != ExitCode::kBadConfiguration) throw;
    spdlog::warn("{} The list of finished work is discarded, and the work is done again.", error.what());
    earlier_ = {};
    return;
  }
  for (const auto& [name, record] : listed) {
    try {
      internal::CheckRecorded(folder_, name, record);
      ledger_[name] = record;
    } catch (const Error& error) {
      if (error.code() != ExitCode::kCorrupt) throw;
      spdlog::warn("{} It is computed again now.", error.what());
      std::error_code ignored;  // what cannot be removed stops the next Put
      fs::remove_all(folder_ / name, ignored);
    }
  }
}

StageCost StageWriter::TotalCost(StageCost of_this_process) const {
  return {.seconds = earlier_.seconds + of_this_process.seconds,
          .device_seconds = earlier_.device_seconds + of_this_process.device_seconds,
          .peak_host_bytes = std::max(earlier_.peak_host_bytes, of_this_process.peak_host_bytes),
          .peak_device_bytes = std::max(earlier_.peak_device_bytes, of_this_process.peak_device_bytes)};
}

void StageWriter::WriteLedger() const {
  const StageCost so_far = cost_so_far_ ? cost_so_far_() : StageCost{.seconds = SteadySeconds() - started_};
  // Created each time: another worker on the same key may have finished and removed it.
  const fs::path partial = folder_ / kPartialFolder;
  CreateFoldersDurably(partial);
  WriteFileDurably(partial / internal::kLedgerFile, SealJson({{"schema", internal::kStageSchema},
                                                              {"key_sha256", key_sha256_},
                                                              {"files", internal::FilesToJson(ledger_)},
                                                              {"cost", internal::CostToJson(TotalCost(so_far))},
                                                              {"tint", ToolVersion()}}));
}

void StageWriter::Put(const std::string& name, std::string_view bytes) {
  CheckName(name, kDoneFile);
  CommitFileOnce(folder_ / name, bytes);
  ledger_[name] = {.size = bytes.size(), .sha256 = Sha256Hex(bytes)};
  WriteLedger();
}

bool StageWriter::Has(const std::string& name) const { return ledger_.contains(name); }

std::string StageWriter::Read(const std::string& name) const {
  const auto found = ledger_.find(name);
  TINT_CHECK(found != ledger_.end()) << Quote(name) << " was not put into " << folder_;
  return internal::ReadRecorded(folder_, name, found->second);
}

// The key and the name are hashed too: a checkpoint of another result, or one under another name, is not ours.
std::string StageWriter::CheckpointSeal(const std::string& name, std::string_view bytes) const {
  Sha256 hash;
  hash.Update(key_sha256_ + "/" + name + "\n");
  hash.Update(bytes);
  return hash.Hex();
}

void StageWriter::SaveCheckpoint(const std::string& name, std::string_view bytes) {
  CheckName(name, internal::kLedgerFile);
  const fs::path partial = folder_ / kPartialFolder;
  CreateFoldersDurably(partial);
  WriteFileDurably(partial / name, CheckpointSeal(name, bytes) + "\n" + std::string(bytes));
  WriteLedger();
  last_checkpoint_ = SteadySeconds();
}

std::optional<std::string> StageWriter::LoadCheckpoint(const std::string& name) const {
  CheckName(name, internal::kLedgerFile);
  const fs::path file = folder_ / kPartialFolder / name;
  if (internal::KindOf(file) == internal::FileKind::kAbsent) return std::nullopt;
  std::string text;
  if (internal::KindOf(file) == internal::FileKind::kRegular) text = ReadFile(file);
  if (text.size() > kSealDigits && text[kSealDigits] == '\n') {
    std::string bytes = text.substr(kSealDigits + 1);
    if (CheckpointSeal(name, bytes) == std::string_view(text).substr(0, kSealDigits)) return bytes;
  }
  spdlog::warn("{}: does not match its own hash: what it held is computed again", Quote(file.native()));
  return std::nullopt;
}

void StageWriter::DropCheckpoint(const std::string& name) {
  CheckName(name, internal::kLedgerFile);
  std::error_code error;
  fs::remove(folder_ / kPartialFolder / name, error);
  if (error) {
    Fail(ExitCode::kInputOutput, {.file = folder_ / kPartialFolder / name,
                                  .found = "cannot be removed: " + error.message(),
                                  .remedy = "Run the same command again to resume."});
  }
}

bool StageWriter::CheckpointDue() const {
  const double now = SteadySeconds();
  if (now - last_checkpoint_ < checkpoint_seconds_) return false;
  last_checkpoint_ = now;
  return true;
}

CompletedStage StageWriter::Finish(const Json& metrics, StageCost cost) {
  const std::string content = internal::ContentHash(ledger_, metrics);
  const std::string text = SealJson({{"schema", internal::kStageSchema},
                                     {"stage", key_.stage},
                                     {"key", key_sha256_.substr(0, 12)},
                                     {"key_sha256", key_sha256_},
                                     {"components", key_.Components()},
                                     {"files", internal::FilesToJson(ledger_)},
                                     {"metrics", metrics},
                                     {"content_sha256", content},
                                     {"cost", internal::CostToJson(TotalCost(cost))},
                                     {"tint", ToolVersion()}});
  // What could not be read back must not be written: a record is never replaced.
  try {
    internal::ParseCompletion(text, folder_);
  } catch (const Error& error) {
    Fail(ExitCode::kInternal, std::string("a completion record that cannot be read: ") + error.what());
  }
  auto is_there = [&] {
    const auto present = CompletedStage::Open(folder_);
    return present && present->content_sha256() == content;  // the key is the folder's name
  };
  try {
    if (!is_there()) CommitFileOnce(folder_ / kDoneFile, text);
  } catch (const Error& error) {
    // Another worker finished the same work between the look and the commit: its cost may differ.
    if (error.code() != ExitCode::kInternal || !is_there()) throw;
  }
  std::error_code error;
  fs::remove_all(folder_ / kPartialFolder, error);
  if (error) spdlog::warn("{} cannot be removed: {}", Quote((folder_ / kPartialFolder).native()), error.message());
  return *CompletedStage::Open(folder_);
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// What the sources of this folder share: names on disk, sealed records, files that must be plain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tint/artifacts/layout.h"
#include "tint/base/json.h"

namespace tint::internal {

inline constexpr int64_t kStageSchema = 1;  // of done.json and ledgers
// 2: options of other names (batch-size for piece, micro-batch-size, classifier-learning-rate, ...)
inline constexpr int64_t kRunSchema = 2;
// `digits` lower-case hexadecimal digits.
bool IsHex(std::string_view text, size_t digits);

enum class FileKind { kAbsent, kRegular, kFolder, kOther };  // links are kOther: results hold none
FileKind KindOf(const std::filesystem::path& path);

// Anything but a folder, a file or nothing where a folder of results is to be: Error(kCannotCreate). Written through a
// link, results would be outside the run, where verify and collect do not look.
void CheckNotLink(const std::filesystem::path& folder);

// Names in a folder, in byte order; empty if it is absent or no folder. Not readable: Error(kInputOutput).
std::vector<std::string> NamesIn(const std::filesystem::path& folder);

// A file that we wrote: nothing if it is absent; anything but a regular file is Error(kCorrupt).
std::optional<std::string> ReadOwnFile(const std::filesystem::path& file);

struct RecordKind {
  int64_t schema = kStageSchema;
  bool of_a_stage = true;  // has key_sha256; else the record of a run
  std::string corrupt_remedy = "";
  std::string other_schema_remedy = "Use the version of tint that wrote it.";
};
// A record written by SealJson: {"schema": 1, ...}. Error(kCorrupt) unless kind, syntax, seal and every byte of the
// layout are as they were written. Another schema (with a true seal) is Error(kBadConfiguration) with the version of
// tint that wrote the record, if it names one.
JsonDocument ParseRecord(const std::string& text, const std::filesystem::path& file, const RecordKind& kind);

// "To rebuild this stage alone: delete FOLDER, then run `tint generate --run RUN --episode 7`".
std::string RebuildHint(const std::filesystem::path& stage_folder);

}  // namespace tint::internal

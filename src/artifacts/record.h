// What the sources of this folder share: names on disk, sealed records, files that must be plain.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tint/base/json.h"

namespace tint::internal {

inline constexpr int64_t kRecordSchema = 1;  // of run.json, done.json and ledgers
inline constexpr char kDoneFile[] = "done.json";
inline constexpr char kRunFile[] = "run.json";
inline constexpr char kPartialFolder[] = ".partial";
inline constexpr char kEpisodesFolder[] = "episodes";
inline constexpr char kSharedFolder[] = "shared";
inline constexpr char kReportFolder[] = "report";
inline constexpr char kLeaseFile[] = ".lease";
inline constexpr char kLeasePrefix[] = ".lease-";  // leases in the making, and taken away ones: never needed again

// [A-Za-z0-9._-]+, not begun by a dot or hyphen, at most 200 bytes.
bool IsPlainName(std::string_view name);
// `digits` lower-case hexadecimal digits.
bool IsHex(std::string_view text, size_t digits);

enum class FileKind { kAbsent, kRegular, kFolder, kOther };  // links are kOther: results hold none
FileKind KindOf(const std::filesystem::path& path);

// Anything but a folder, a file or nothing where a folder of results is to be: Error(kCannotCreate). Written through a
// link, results would lie outside the run, where verify and collect do not look.
void RefuseLink(const std::filesystem::path& folder);

// Names in a folder, in byte order; empty if it is absent or no folder. Not readable: Error(kInputOutput).
std::vector<std::string> NamesIn(const std::filesystem::path& folder);

// A file that we wrote: nothing if it is absent; anything but a regular file is Error(kCorrupt).
std::optional<std::string> ReadOwnFile(const std::filesystem::path& file);

// A record written by SealJson: {"schema": 1, ...}. Error(kCorrupt) unless syntax, seal and every byte of the layout
// are as they were written; a newer schema (with a true seal) is Error(kBadConfiguration).
JsonDocument ParseRecord(const std::string& text, const std::filesystem::path& file, const std::string& remedy);

// "To rebuild this stage alone: delete FOLDER, then run `tint generate --run RUN --episode 7`".
std::string RebuildHint(const std::filesystem::path& stage_folder);

}  // namespace tint::internal

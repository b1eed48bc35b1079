// SPDX-License-Identifier: Apache-2.0
#include "record.h"

#include <algorithm>

#include "tint/artifacts/version.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint {

namespace internal {

namespace fs = std::filesystem;

bool IsHex(std::string_view text, size_t digits) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

FileKind KindOf(const fs::path& path) {
  std::error_code error;
  switch (fs::symlink_status(path, error).type()) {
    case fs::file_type::not_found:
      return FileKind::kAbsent;
    case fs::file_type::regular:
      return FileKind::kRegular;
    case fs::file_type::directory:
      return FileKind::kFolder;
    default:
      return FileKind::kOther;
  }
}

void CheckNotLink(const fs::path& folder) {
  if (KindOf(folder) != FileKind::kOther) return;
  Fail(ExitCode::kCannotCreate, {.file = folder,
                                 .found = "is a link or a device",
                                 .expected = "a folder of this run, since results go nowhere else",
                                 .remedy = "Move what it leads to into its place, or take it away."});
}

std::vector<std::string> NamesIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().native());
  }
  if (error && error != std::errc::no_such_file_or_directory && error != std::errc::not_a_directory) {
    Fail(ExitCode::kInputOutput, {.file = folder, .found = "cannot be listed: " + error.message()});
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::optional<std::string> ReadOwnFile(const fs::path& file) {
  const FileKind kind = KindOf(file);
  if (kind == FileKind::kAbsent) return std::nullopt;
  if (kind != FileKind::kRegular) {
    Fail(ExitCode::kCorrupt,
         {.file = file, .found = "is a link, a folder or a device", .expected = "the regular file that was written"});
  }
  try {
    return ReadFile(file);
  } catch (const Error& error) {
    if (error.code() == ExitCode::kMissingInput) return std::nullopt;  // gone since the look above
    throw;
  }
}

namespace {

[[noreturn]] void FailOtherSchema(const JsonDocument& document, int64_t schema, const RecordKind& kind) {
  const auto tool = document.root.find("tint");
  const bool named = tool != document.root.end() && tool->is_string() && *tool != ToolVersion();
  const std::string writer = named ? "tint " + Quote(tool->get<std::string>(), 40) : "another version of tint";
  document.Fail(
      ExitCode::kBadConfiguration, "/schema", "is " + std::to_string(schema) + ", as " + writer + " writes it",
      std::to_string(kind.schema) + ", as this tint " + ToolVersion() + " writes it", kind.other_schema_remedy);
}

}  // namespace

JsonDocument ParseRecord(const std::string& text, const fs::path& file, const RecordKind& kind) {
  try {
    JsonDocument document = ParseJson(text, file, ExitCode::kCorrupt);
    CheckSeal(document);
    if (document.root.contains("key_sha256") != kind.of_a_stage) {
      Fail(ExitCode::kCorrupt, {.file = file,
                                .found = kind.of_a_stage ? "is not the record of a stage" : "is the record of a stage",
                                .expected = kind.of_a_stage ? "" : "the record of a run"});
    }
    const int64_t schema = RequireInteger(document, "/schema", 1, INT64_MAX, ExitCode::kCorrupt);
    if (schema != kind.schema) FailOtherSchema(document, schema, kind);
    // Blanks and escapes can change without changing what the seal is taken of.
    if (SealJson(document.root) != text) {
      Fail(ExitCode::kCorrupt, {.file = file, .found = "is not formatted as it was written"});
    }
    return document;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kCorrupt || kind.corrupt_remedy.empty()) throw;
    const std::string what = error.what();
    Fail(ExitCode::kCorrupt, what + (what.ends_with('.') ? " " : ". ") + kind.corrupt_remedy);
  }
}

std::string RebuildHint(const fs::path& stage_folder) {
  std::string hint = "To rebuild this stage alone: delete the folder " + Quote(stage_folder.native()) + ", then run ";
  const fs::path stage = stage_folder.parent_path(), episode = stage.parent_path(), episodes = episode.parent_path();
  if (episodes.filename() != kEpisodesFolder) return hint + "the same command again.";
  const fs::path run = episodes.has_parent_path() ? episodes.parent_path() : fs::path(".");
  hint += "`tint " + stage.filename().string() + " --run " + Quote(run.native());
  const std::string name = episode.filename();
  if (name == kSupportFolder) return hint + " --support DIR` with the options of that run.";
  const size_t digit = name.find_first_not_of('0');
  return hint + " --episode " + (digit == std::string::npos ? "0" : name.substr(digit)) +
         "` with the options of that run.";
}

}  // namespace internal
}  // namespace tint

#include "record.h"

#include <algorithm>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/text.h"

namespace tint {

std::string ToolVersion() { return TINT_VERSION; }

namespace internal {

namespace fs = std::filesystem;

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.size() > 200 || name[0] == '.' || name[0] == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

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

void RefuseLink(const fs::path& folder) {
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

JsonDocument ParseRecord(const std::string& text, const fs::path& file, const std::string& remedy) {
  try {
    JsonDocument document = ParseJson(text, file, ExitCode::kCorrupt);
    CheckSeal(document);
    const int64_t schema = RequireInteger(document, "/schema", 1, INT64_MAX, ExitCode::kCorrupt);
    if (schema > kRecordSchema) {
      const auto tool = document.root.find("tint");
      const bool named = tool != document.root.end() && tool->is_string();
      document.Complain(ExitCode::kBadConfiguration, "/schema",
                        "made by " + (named ? "tint " + Quote(tool->get<std::string>(), 40) : "a newer tint") +
                            " (schema " + std::to_string(schema) + "); this is " + ToolVersion(),
                        "schema " + std::to_string(kRecordSchema), "Use the newer tint.");
    }
    // Blanks and escapes can change without changing what the seal is taken of.
    if (SealJson(document.root) != text) {
      Fail(ExitCode::kCorrupt, {.file = file, .found = "is not laid out as it was written"});
    }
    return document;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kCorrupt || remedy.empty()) throw;
    const std::string what = error.what();
    Fail(ExitCode::kCorrupt, what + (what.ends_with('.') ? " " : ". ") + remedy);
  }
}

std::string RebuildHint(const fs::path& stage_folder) {
  std::string hint = "To rebuild this stage alone: delete the folder " + Quote(stage_folder.native()) + ", then run ";
  const fs::path stage = stage_folder.parent_path(), episode = stage.parent_path(), episodes = episode.parent_path();
  if (episodes.filename() != kEpisodesFolder) return hint + "the same command again.";
  const fs::path run = episodes.has_parent_path() ? episodes.parent_path() : fs::path(".");
  hint += "`tint " + stage.filename().string() + " --run " + Quote(run.native());
  const std::string name = episode.filename();
  if (name == "support") return hint + " --support DIR` with the options of that run.";
  const size_t digit = name.find_first_not_of('0');
  return hint + " --episode " + (digit == std::string::npos ? "0" : name.substr(digit)) +
         "` with the options of that run.";
}

}  // namespace internal
}  // namespace tint

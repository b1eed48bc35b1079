#include "tint/artifacts/run_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <tuple>

#include "folder_lock.h"
#include "layout.h"
#include "record.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;
using internal::FileKind;

namespace internal {

std::string EpisodeName(uint64_t episode_idx) {
  if (episode_idx == kSupportEpisode) return "support";
  char name[24];
  std::snprintf(name, sizeof name, "%04llu", static_cast<unsigned long long>(episode_idx));
  return name;
}

std::optional<uint64_t> EpisodeOfName(const std::string& name) {
  if (name == "support") return kSupportEpisode;
  uint64_t episode_idx = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), episode_idx);
  if (error != std::errc() || end != name.data() + name.size() || EpisodeName(episode_idx) != name) return std::nullopt;
  return episode_idx;
}

}  // namespace internal

namespace {

// An unnamed file leaves nothing behind, whenever the process dies, and does not touch the folder's times.
void CheckWritable(const fs::path& folder) {
  int number = -1;
  do {
    number = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  } while (number < 0 && errno == EINTR);
  int error = number >= 0 ? 0 : errno;
  if (number >= 0) close(number);
  if (error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL) {  // no unnamed files here
    error = access(folder.c_str(), W_OK | X_OK) == 0 ? 0 : errno;
  }
  if (error == 0) return;
  Fail(ExitCode::kCannotCreate, {.file = folder,
                                 .found = std::string("cannot be written: ") + strerrordesc_np(error),
                                 .expected = "a folder for results that may be written"});
}

bool ExistsAndIsNoFolder(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

// Deep for objects; everything else of `part` replaces what stood there.
void Merge(const Json& part, Json* into) {
  if (!part.is_object() || !into->is_object()) {
    *into = part;
    return;
  }
  for (const auto& member : part.items()) Merge(member.value(), &(*into)[member.key()]);
}

}  // namespace

RunFolder RunFolder::Create(const fs::path& folder) {
  if (ExistsAndIsNoFolder(folder)) {
    Fail(ExitCode::kCannotCreate, {.file = folder, .found = "is a file", .expected = "a folder for results"});
  }
  CreateFoldersDurably(folder);
  CheckWritable(folder);
  RemoveDeadTemporaries(folder);
  RunFolder run(folder);
  for (const Entry& entry : run.Entries()) {
    if (!entry.complete) continue;
    std::error_code error;  // killed between done.json and this removal
    fs::remove_all(entry.folder / internal::kPartialFolder, error);
    if (error) spdlog::warn("{}/.partial cannot be removed: {}", Quote(entry.folder.native()), error.message());
  }
  return run;
}

RunFolder RunFolder::Open(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    Fail(ExitCode::kMissingInput, {.file = folder,
                                   .found = ExistsAndIsNoFolder(folder) ? "is a file" : "is not there",
                                   .expected = "a run folder, made by `tint specialize --run`"});
  }
  RunFolder run(folder);
  if (run.Manifest().empty()) {
    Fail(ExitCode::kMissingInput, {.file = folder / internal::kRunFile,
                                   .found = "is not there",
                                   .expected = "a run folder, made by `tint specialize --run`"});
  }
  return run;
}

fs::path RunFolder::EpisodeFolder(uint64_t episode_idx) const {
  const fs::path episodes = path_ / internal::kEpisodesFolder;
  const fs::path episode = episodes / internal::EpisodeName(episode_idx);
  internal::RefuseLink(episodes);
  internal::RefuseLink(episode);
  return episode;
}

fs::path RunFolder::StagePath(uint64_t episode_idx, const StageKey& key) const {
  const fs::path stage = EpisodeFolder(episode_idx) / key.stage;
  internal::RefuseLink(stage);
  internal::RefuseLink(stage / key.Folder());
  return stage / key.Folder();
}

fs::path RunFolder::SharedPath(const StageKey& key) const {
  const fs::path shared = path_ / internal::kSharedFolder, stage = shared / key.stage;
  for (const fs::path& folder : {shared, stage, stage / key.Folder()}) internal::RefuseLink(folder);
  return stage / key.Folder();
}

namespace {

// <folder>/<stage>/<key>; NamesIn sorts.
void AddEntries(const fs::path& folder, uint64_t episode_idx, std::vector<RunFolder::Entry>* entries) {
  for (const std::string& stage : internal::NamesIn(folder)) {
    if (!internal::IsPlainName(stage) || internal::KindOf(folder / stage) != FileKind::kFolder) continue;
    for (const std::string& key : internal::NamesIn(folder / stage)) {
      const fs::path result = folder / stage / key;
      if (!internal::IsHex(key, 12) || internal::KindOf(result) != FileKind::kFolder) continue;
      entries->push_back({.episode_idx = episode_idx,
                          .stage = stage,
                          .folder = result,
                          .complete = internal::KindOf(result / internal::kDoneFile) != FileKind::kAbsent});
    }
  }
}

}  // namespace

std::vector<RunFolder::Entry> RunFolder::Entries() const {
  std::vector<Entry> entries;
  const fs::path episodes = path_ / internal::kEpisodesFolder;
  for (const std::string& episode : internal::NamesIn(episodes)) {
    const auto episode_idx = internal::EpisodeOfName(episode);
    if (!episode_idx || internal::KindOf(episodes / episode) != FileKind::kFolder) continue;
    AddEntries(episodes / episode, *episode_idx, &entries);
  }
  return entries;
}

std::vector<RunFolder::Entry> RunFolder::SharedEntries() const {
  std::vector<Entry> entries;
  const fs::path shared = path_ / internal::kSharedFolder;
  if (internal::KindOf(shared) == FileKind::kFolder) AddEntries(shared, 0, &entries);
  return entries;
}

Json RunFolder::Manifest() const {
  const fs::path file = path_ / internal::kRunFile;
  const auto text = internal::ReadOwnFile(file);
  if (!text) return Json::object();
  Json manifest =
      internal::ParseRecord(*text, file, "It only describes the run: delete it, and the same command writes it anew.")
          .root;
  if (manifest.contains("key_sha256")) {
    Fail(ExitCode::kCorrupt, {.file = file, .found = "is the record of a stage", .expected = "the record of a run"});
  }
  manifest.erase("self_sha256");
  return manifest;
}

void RunFolder::UpdateManifest(const Json& part) {
  TINT_CHECK(part.is_object());
  const internal::FolderLock lock(path_);  // workers on other episodes merge their parts too
  const Json before = Manifest();
  Json after = before;
  if (after.empty()) after["schema"] = internal::kRecordSchema;
  Merge(part, &after);
  TINT_CHECK(after["schema"] == internal::kRecordSchema) << "the schema is not the caller's";
  if (after != before) WriteFileDurably(path_ / internal::kRunFile, SealJson(after));
}

}  // namespace tint

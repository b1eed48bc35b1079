// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/run_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "folder_lock.h"
#include "record.h"
#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/temporaries.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;
using internal::FileKind;

namespace {

// Tried, not asked: root may write where permissions say no, and nobody where a file system is read-only. An unnamed
// file leaves nothing behind, whenever the process dies, and does not touch the folder's times. 0, or errno.
int TryUnnamedFile(const fs::path& folder) {
  int number = -1;
  do {
    number = open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  } while (number < 0 && errno == EINTR);
  if (number < 0) return errno;
  close(number);
  return 0;
}

int TryNamedFile(const fs::path& folder) {
  std::string path = (folder / ".tint-probe-XXXXXX").native();
  const int number = mkstemp(path.data());
  if (number < 0) return errno;
  close(number);
  unlink(path.c_str());
  return 0;
}

void CheckWritable(const fs::path& folder) {
  const std::string why = WhyNotWritable(folder);
  if (why.empty()) return;
  Fail(ExitCode::kCannotCreate, {.file = folder, .found = "is not writable: " + why, .expected = "a writable folder"});
}

bool ExistsAndIsNoFolder(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error) && !fs::is_directory(path, error);
}

// Deep for objects; everything else of `part` replaces what was there.
void Merge(const Json& part, Json* into) {
  if (!part.is_object() || !into->is_object()) {
    *into = part;
    return;
  }
  for (const auto& member : part.items()) Merge(member.value(), &(*into)[member.key()]);
}

// Temporaries of dead processes, and `.partial` beside a done.json.
void RemoveWhatKilledRunsLeft(const RunFolder& run) {
  RemoveDeadTemporaries(run.path());
  for (const RunFolder::Entry& entry : run.Entries()) {
    if (!entry.complete) continue;
    std::error_code error;  // killed between done.json and this removal
    fs::remove_all(entry.folder / kPartialFolder, error);
    if (error)
      spdlog::warn("{} cannot be removed: {}", Quote((entry.folder / kPartialFolder).native()), error.message());
  }
}

}  // namespace

std::string WhyNotWritable(const fs::path& folder) {
  int error = TryUnnamedFile(folder);
  const bool unknown = error == EOPNOTSUPP || error == EISDIR || error == ENOENT || error == EINVAL;
  if (unknown) error = TryNamedFile(folder);  // a file system without unnamed files
  return error == 0 ? "" : strerrordesc_np(error);
}

RunFolder RunFolder::Create(const fs::path& folder) {
  if (ExistsAndIsNoFolder(folder)) {
    Fail(ExitCode::kCannotCreate, {.file = folder, .found = "is a file", .expected = "a folder for results"});
  }
  CreateFoldersDurably(folder);
  CheckWritable(folder);
  RunFolder run = ForPlanning(folder);
  RemoveWhatKilledRunsLeft(run);
  return run;
}

RunFolder RunFolder::ForPlanning(const fs::path& folder) {
  RunFolder run(folder);
  run.Manifest();
  return run;
}

RunFolder RunFolder::OpenToVerify(const fs::path& folder) {
  std::error_code ignored;
  const bool no_manifest = fs::is_directory(folder / internal::kEpisodesFolder, ignored) && !IsRunFolder(folder);
  return no_manifest ? RunFolder(folder) : Open(folder);
}

RunFolder RunFolder::Open(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    Fail(ExitCode::kMissingInput, {.file = folder,
                                   .found = ExistsAndIsNoFolder(folder) ? "is a file" : "does not exist",
                                   .expected = "a run folder, made by `tint specialize --run`"});
  }
  RunFolder run(folder);
  if (run.Manifest().empty()) {
    Fail(ExitCode::kMissingInput, {.file = folder / kRunFile,
                                   .found = "does not exist",
                                   .expected = "a run folder, made by `tint specialize --run`"});
  }
  return run;
}

fs::path RunFolder::EpisodeFolder(uint64_t episode_idx) const {
  const fs::path episodes = path_ / internal::kEpisodesFolder;
  const fs::path episode = episodes / EpisodeFolderName(episode_idx);
  internal::CheckNotLink(episodes);
  internal::CheckNotLink(episode);
  return episode;
}

fs::path RunFolder::StagePath(uint64_t episode_idx, const StageKey& key) const {
  const fs::path stage = EpisodeFolder(episode_idx) / key.stage;
  internal::CheckNotLink(stage);
  internal::CheckNotLink(stage / key.Folder());
  return stage / key.Folder();
}

fs::path RunFolder::SharedPath(const StageKey& key) const {
  const fs::path shared = path_ / internal::kSharedFolder, stage = shared / key.stage;
  for (const fs::path& folder : {shared, stage, stage / key.Folder()}) internal::CheckNotLink(folder);
  return stage / key.Folder();
}

namespace {

// <folder>/<stage>/<key>; NamesIn sorts.
void AddEntries(const fs::path& folder, uint64_t episode_idx, std::vector<RunFolder::Entry>* entries) {
  for (const std::string& stage : internal::NamesIn(folder)) {
    if (!IsArtifactName(stage) || internal::KindOf(folder / stage) != FileKind::kFolder) continue;
    for (const std::string& key : internal::NamesIn(folder / stage)) {
      const fs::path result = folder / stage / key;
      if (!internal::IsHex(key, 12) || internal::KindOf(result) != FileKind::kFolder) continue;
      entries->push_back({.episode_idx = episode_idx,
                          .stage = stage,
                          .folder = result,
                          .complete = internal::KindOf(result / kDoneFile) != FileKind::kAbsent});
    }
  }
}

}  // namespace

std::vector<RunFolder::Entry> RunFolder::Entries() const {
  std::vector<Entry> entries;
  const fs::path episodes = path_ / internal::kEpisodesFolder;
  for (const std::string& episode : internal::NamesIn(episodes)) {
    const auto episode_idx = EpisodeOfFolderName(episode);
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
  const fs::path file = path_ / kRunFile;
  const auto text = internal::ReadOwnFile(file);
  if (!text) return Json::object();
  Json manifest = internal::ParseRecord(
                      *text, file,
                      {.schema = internal::kRunSchema,
                       .of_a_stage = false,
                       .corrupt_remedy = "It only describes the run: delete it, and the same command writes it again.",
                       .other_schema_remedy = "Use a new run folder, or the version of tint that wrote this one."})
                      .root;
  manifest.erase("self_sha256");
  return manifest;
}

void RunFolder::UpdateManifest(const Json& part) {
  TINT_CHECK(part.is_object());
  const internal::FolderLock lock(path_);  // workers on other episodes merge their parts too
  const Json before = Manifest();
  Json after = before;
  if (after.empty()) after["schema"] = internal::kRunSchema;
  Merge(part, &after);
  TINT_CHECK(after["schema"] == internal::kRunSchema) << "the schema is not the caller's";
  if (after != before) WriteFileDurably(path_ / kRunFile, SealJson(after));
}

}  // namespace tint

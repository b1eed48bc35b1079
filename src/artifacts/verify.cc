// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/verify.h"

#include "record.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/temporaries.h"
#include "tint/base/text.h"

namespace tint {

namespace fs = std::filesystem;
using internal::FileKind;

namespace {

class Verifier {
 public:
  explicit Verifier(const RunFolder& run) : run_(run) {}

  VerifyReport Check() {
    CheckManifest();
    Collect([&] { CheckNames(); });
    for (const bool shared : {false, true}) {
      for (const RunFolder::Entry& entry : shared ? run_.SharedEntries() : run_.Entries()) {
        if (entry.complete) {
          ++report_.complete_stages;
          Collect([&] { CheckStage(entry); });
        } else {
          ++report_.incomplete_stages;
        }
      }
    }
    return std::move(report_);
  }

 private:
  template <class Action>
  void Collect(Action action) {
    try {
      action();
    } catch (const Error& error) {
      report_.problems.push_back(error.what());
    }
  }

  void CheckManifest() {
    ++report_.checked_files;
    Collect([&] {
      if (!run_.Manifest().empty()) return;
      Fail(ExitCode::kCorrupt, {.file = run_.path() / kRunFile, .found = "does not exist"});
    });
  }

  void CheckStage(const RunFolder::Entry& entry) {
    ++report_.checked_files;
    const auto stage = CompletedStage::Open(entry.folder);
    if (!stage) return;  // removed meanwhile
    report_.checked_files += static_cast<int64_t>(stage->Files().size());
    auto require = [&](const char* component, const Json& expected) {
      const Json& found = stage->components().value(component, Json());
      if (found == expected) return;
      report_.problems.push_back(ToString(ErrorDetail{.file = entry.folder / kDoneFile,
                                                      .field = std::string("components.") + component,
                                                      .found = "is " + found.dump(),
                                                      .expected = expected.dump() + ", as the folders' names say"}));
    };
    require("stage", entry.stage);
    // Your own photos use the random streams of episode 0.
    require("episode", entry.episode_idx == kSupportEpisode ? 0 : entry.episode_idx);
    for (std::string& problem : stage->Problems()) report_.problems.push_back(std::move(problem));
  }

  // Above the results there may be only what Entries lists; the results themselves are checked by Problems. A report
  // can be written again from the results at any time, so it has no hashes, and nothing reads it.
  void CheckNames() {
    CheckFolder(run_.path(), [](const std::string& name, FileKind kind) {
      return (name == kRunFile && kind != FileKind::kAbsent) ||
             ((name == internal::kEpisodesFolder || name == internal::kSharedFolder ||
               name == internal::kReportFolder) &&
              kind == FileKind::kFolder);
    });
    const fs::path shared = run_.path() / internal::kSharedFolder;
    if (internal::KindOf(shared) == FileKind::kFolder) CheckStages(shared);
    const fs::path episodes = run_.path() / internal::kEpisodesFolder;
    CheckFolder(episodes, [](const std::string& name, FileKind kind) {
      return kind == FileKind::kFolder && EpisodeOfFolderName(name);
    });
    for (const std::string& episode : SubFolders(episodes)) {
      if (!EpisodeOfFolderName(episode)) continue;  // reported as a whole
      CheckStages(episodes / episode);
    }
  }

  void CheckStages(const fs::path& folder) {
    CheckFolder(folder, [](const std::string& name, FileKind kind) {
      return kind == FileKind::kFolder ? IsArtifactName(name) : kind == FileKind::kRegular && IsLease(name);
    });
    for (const std::string& stage : SubFolders(folder)) {
      if (!IsArtifactName(stage)) continue;
      CheckFolder(folder / stage, [](const std::string& name, FileKind kind) {
        return kind == FileKind::kFolder ? internal::IsHex(name, 12) : kind == FileKind::kRegular && IsLease(name);
      });
    }
  }

  static bool IsLease(const std::string& name) {
    return name == internal::kLeaseFile || name.starts_with(internal::kLeasePrefix);
  }

  static std::vector<std::string> SubFolders(const fs::path& folder) {
    std::vector<std::string> names;
    if (internal::KindOf(folder) != FileKind::kFolder) return names;
    for (const std::string& name : internal::NamesIn(folder)) {
      if (internal::KindOf(folder / name) == FileKind::kFolder) names.push_back(name);
    }
    return names;
  }

  template <class IsExpected>
  void CheckFolder(const fs::path& folder, IsExpected is_expected) {
    for (const std::string& name : internal::NamesIn(folder)) {
      const FileKind kind = internal::KindOf(folder / name);
      if (kind == FileKind::kAbsent || is_expected(name, kind)) continue;
      if (kind == FileKind::kRegular && (IsTemporaryName(name) || name.ends_with(".log"))) continue;
      report_.problems.push_back(
          ToString(ErrorDetail{.file = folder / name, .found = "does not belong into a run folder"}));
    }
  }

  const RunFolder& run_;
  VerifyReport report_;
};

}  // namespace

VerifyReport VerifyRun(const RunFolder& run) { return Verifier(run).Check(); }

}  // namespace tint

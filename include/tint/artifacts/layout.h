// SPDX-License-Identifier: Apache-2.0
// Names of the files and folders of a run: nothing else in tint spells them (scripts/check_layers).
//
//   RUN/run.json                                what ran there
//   RUN/episodes/0007/.lease                    while a worker has the episode
//   RUN/episodes/0007/<stage>/<key>/done.json   one result, complete
//   RUN/episodes/0007/<stage>/<key>/.partial/   state of unfinished work
//   RUN/episodes/support/                       the episode of your own photos
//   RUN/shared/<stage>/<key>/                   results that all episodes read
//   RUN/report/                                 what `tint report` writes: no result
//
// The files of each stage: see the header of its result, such as generated_images.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace tint {

inline constexpr char kRunFile[] = "run.json";
inline constexpr char kDoneFile[] = "done.json";
inline constexpr char kPartialFolder[] = ".partial";

inline constexpr uint64_t kSupportEpisode = ~uint64_t{0};  // the episode of your own photos

// The folder of an episode below RUN/episodes: "0007", "12345", "support".
std::string EpisodeFolderName(uint64_t episode_idx);
// The inverse; nothing for names that EpisodeFolderName never gives.
std::optional<uint64_t> EpisodeOfFolderName(const std::string& name);
// The episode in tables, messages and JSON: "7", "12345", "support".
std::string EpisodeLabel(uint64_t episode_idx);

// A name that tint itself gives to a file or a stage: [A-Za-z0-9._-]+, not begun by a dot or hyphen, at most 200 bytes.
bool IsArtifactName(std::string_view name);

// The stem of a class's files in a result: its name where that is [A-Za-z0-9_-]+, begun by a letter or digit, not by
// "class-", and of at most 64 bytes; else "class-003" by its index.
std::string ClassFileStem(const std::string& class_name, int64_t class_idx);
// "<stem>.safetensors": a class's learned word or null-text paths.
std::string ClassTensorFile(const std::string& stem);

// True if `folder` holds a run.json, of whatever content.
bool IsRunFolder(const std::filesystem::path& folder);

// How far the result in a folder is, by the names of what is there; nothing is read.
enum class ResultState { kNone, kUnfinished, kComplete };
ResultState StateOfResult(const std::filesystem::path& folder);

namespace internal {

inline constexpr char kEpisodesFolder[] = "episodes";
inline constexpr char kSharedFolder[] = "shared";
inline constexpr char kReportFolder[] = "report";
inline constexpr char kSupportFolder[] = "support";
inline constexpr char kLedgerFile[] = "ledger.json";
inline constexpr char kLeaseFile[] = ".lease";
inline constexpr char kLeasePrefix[] = ".lease-";  // leases being made or removed: never needed again

}  // namespace internal
}  // namespace tint

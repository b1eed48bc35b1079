// SPDX-License-Identifier: Apache-2.0
// The task that the stages work on: the classes of an episode, or of folders of photos, with their files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tint/data/dataset.h"
#include "tint/data/episode_file.h"

namespace tint {

// One class of the task. Query files are opened by evaluate only.
struct TaskClass {
  std::string name;
  std::vector<std::string> support;
  std::vector<std::string> query;
};

// An episode whose "rest" is resolved to a list of files and whose files exist.
struct Task {
  uint64_t episode_idx = 0;
  std::string dataset;  // "miniimagenet"; "folder" for a custom image folder
  DatasetInfo dataset_info;
  std::vector<TaskClass> classes;
  std::shared_ptr<ImageSource> support_source;
  std::shared_ptr<ImageSource> query_source;  // null if there is nothing to score
  // From an episode file; "" and 0 for folders.
  std::string episodes_file, split;
  std::string dataset_sha256;
  std::string episodes_sha256;
  uint64_t episodes_in_file = 0;

  // Supports per class; 0 if the classes differ.
  int64_t shots() const;
};

// The content hash of a data set in folders is compared by CheckContent, not here, since that opens every query.
// `queries` > 0 keeps the first N queries of each class. episode_idx out of range, class or file missing in the data
// set, dataset_sha256 of another data set: Error(kBadInput).
Task ResolveEpisode(const EpisodeFile& file, uint64_t episode_idx, std::shared_ptr<ImageSource> source,
                    int64_t queries);

// A custom image folder: every file of a class folder is a support (or a query), in byte order of the names.
// `query_folder` may be "" (nothing to score); its classes must be a subset of the support classes, else
// Error(kBadInput). The same photo twice among the supports (by SHA-256 of the file): Error(kBadInput) naming both.
// Query files are not opened.
Task ResolveFolders(const std::filesystem::path& support_folder, const std::filesystem::path& query_folder,
                    int64_t queries);

// Checks that a data set in folders still has the content that its episodes were drawn from: else Error(kBadInput).
// Opens query files: for evaluate only.
void CheckContent(const Task& task);

// Checks that supports and queries have no file content (SHA-256) in common and no two supports are equal: else
// Error(kBadInput) naming both files. Reads every query file: for evaluate only, since no earlier stage may open one.
void CheckNoDuplicates(const Task& task);

}  // namespace tint

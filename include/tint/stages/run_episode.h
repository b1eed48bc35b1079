// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "tint/data/task.h"

namespace tint {

// The episode that a run works on: one of a file, or a custom image folder.
struct RunEpisode {
  Task task;

  // Index of the folder in the run: the episode's number in its file, or kSupportEpisode.
  uint64_t folder_index() const;
  // Index of the random streams: the episode's number in its file; 0 for a custom image folder.
  uint64_t stream_index() const;
  bool is_folder() const { return task.dataset == "folder"; }
  int64_t ways() const { return static_cast<int64_t>(task.classes.size()); }
  int64_t support_photos() const;  // of all classes together
  const TaskClass& OfClass(int64_t class_idx) const { return task.classes.at(static_cast<size_t>(class_idx)); }
  // Stem of the class's files in a result (ClassFileStem).
  std::string FileStem(int64_t class_idx) const;
  // SHA-256 over the files of all support photos: "<class idx>/<photo idx> <sha256>\n" each.
  std::string SupportSha256() const;
};

}  // namespace tint

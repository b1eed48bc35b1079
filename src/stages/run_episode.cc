// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/run_episode.h"

#include "tint/artifacts/layout.h"
#include "tint/base/sha256.h"

namespace tint {

uint64_t RunEpisode::folder_index() const { return is_folder() ? kSupportEpisode : task.episode_idx; }

uint64_t RunEpisode::stream_index() const { return is_folder() ? 0 : task.episode_idx; }

int64_t RunEpisode::support_photos() const {
  int64_t photos = 0;
  for (const TaskClass& task_class : task.classes) photos += static_cast<int64_t>(task_class.support.size());
  return photos;
}

std::string RunEpisode::FileStem(int64_t class_idx) const { return ClassFileStem(OfClass(class_idx).name, class_idx); }

std::string RunEpisode::SupportSha256() const {
  Sha256 hash;
  for (size_t c = 0; c < task.classes.size(); ++c) {
    for (size_t k = 0; k < task.classes[c].support.size(); ++k) {
      const std::string file = task.support_source->FileSha256(task.classes[c].name, task.classes[c].support[k]);
      hash.Update(std::to_string(c) + "/" + std::to_string(k) + " " + file + "\n");
    }
  }
  return hash.Hex();
}

}  // namespace tint

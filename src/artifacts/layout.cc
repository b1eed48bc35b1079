// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tint {

namespace fs = std::filesystem;

std::string EpisodeFolderName(uint64_t episode_idx) {
  if (episode_idx == kSupportEpisode) return internal::kSupportFolder;
  return fmt::format("{:04}", episode_idx);
}

std::optional<uint64_t> EpisodeOfFolderName(const std::string& name) {
  if (name == internal::kSupportFolder) return kSupportEpisode;
  uint64_t episode_idx = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), episode_idx);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  return whole && EpisodeFolderName(episode_idx) == name ? std::optional(episode_idx) : std::nullopt;
}

std::string EpisodeLabel(uint64_t episode_idx) {
  return episode_idx == kSupportEpisode ? internal::kSupportFolder : std::to_string(episode_idx);
}

bool IsArtifactName(std::string_view name) {
  if (name.empty() || name.size() > 200 || name[0] == '.' || name[0] == '-') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

std::string ClassFileStem(const std::string& class_name, int64_t class_idx) {
  const bool plain = !class_name.empty() && class_name.size() <= 64 && IsArtifactName(class_name) &&
                     class_name[0] != '_' && class_name.find('.') == std::string::npos;
  if (plain && !class_name.starts_with("class-")) return class_name;
  return fmt::format("class-{:03}", class_idx);
}

std::string ClassTensorFile(const std::string& stem) { return stem + ".safetensors"; }

bool IsRunFolder(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(folder / kRunFile, ignored));
}

ResultState StateOfResult(const fs::path& folder) {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(folder / kDoneFile, ignored))) return ResultState::kComplete;
  return fs::exists(folder / kPartialFolder, ignored) ? ResultState::kUnfinished : ResultState::kNone;
}

}  // namespace tint

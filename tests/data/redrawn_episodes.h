// A list of episodes drawn again with the options that it tells of.
#pragma once

#include <string>

#include "tint/base/sha256.h"
#include "tint/data/dataset.h"
#include "tint/data/episode.h"

namespace tint::testing {

// SHA-256 of the list that `source`, the split of `file`, gives for the same options: that of `file` if both are as
// they were.
inline std::string Sha256DrawnAgain(const EpisodeFile& file, const ImageSource& source) {
  return Sha256Hex(DrawEpisodes(source, {.dataset = file.dataset,
                                         .split = file.split,
                                         .shots = static_cast<int64_t>(file.episodes.at(0).support.at(0).size()),
                                         .count = static_cast<int64_t>(file.episodes.size()),
                                         .seed = file.seed}));
}

}  // namespace tint::testing

// SPDX-License-Identifier: Apache-2.0
// Draws an episode file again with the options that it states.
#pragma once

#include <string>

#include "tint/base/sha256.h"
#include "tint/data/dataset.h"
#include "tint/data/episode_file.h"

namespace tint::testing {

// SHA-256 of the file that `source`, the split of `file`, gives for the same options: that of `file` if neither has
// changed.
inline std::string Sha256OfRedrawnEpisodes(const EpisodeFile& file, const ImageSource& source) {
  return Sha256Hex(DrawEpisodes(source, {.dataset = file.dataset,
                                         .split = file.split,
                                         .shots = static_cast<int64_t>(file.episodes.at(0).support.at(0).size()),
                                         .count = static_cast<int64_t>(file.episodes.size()),
                                         .seed = file.seed}));
}

}  // namespace tint::testing

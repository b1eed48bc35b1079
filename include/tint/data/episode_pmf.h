// SPDX-License-Identifier: Apache-2.0
// Episodes in the format of PMF's repository (https://github.com/hushell/pmf_cvpr22): a list of {"Support": [N lists of
// K paths], "Query": [N lists of Q paths]}, paths "<class>/<file>" relative to the split's folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tint/data/episode_file.h"

namespace tint {

// The text of an episode file of `dataset`:`split`, whose images `source` has. N, K and Q may differ. Syntax, paths
// of another shape, a list that mixes classes, images that appear twice in an episode or are not in the source:
// Error(kBadInput) with the place in `path`.
std::string ImportPmf(const std::filesystem::path& path, const ImageSource& source, const std::string& dataset,
                      const std::string& split);

// The same episodes in PMF's format. Queries "rest" are listed, which needs `source`; it may be null where there are
// none. The format has one N, K and Q for all episodes: Error(kBadInput) where they differ.
std::string ExportPmf(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source);

}  // namespace tint

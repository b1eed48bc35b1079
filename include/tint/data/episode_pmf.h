// Episodes in the form of PMF's repository: a list of {"Support": [N lists of K paths], "Query": [N lists of Q paths]},
// paths "<class>/<file>" relative to the split's folder.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "tint/data/episode.h"

namespace tint {

// The text of an episode file of `dataset`:`split`, whose images `source` has. N, K and Q may differ. Syntax, paths
// of another form, a list that mixes classes, images that stand twice in an episode or are not in the source:
// Error(kBadInput) with the place in `path`.
std::string ImportPmf(const std::filesystem::path& path, const ImageSource& source, const std::string& dataset,
                      const std::string& split);

// The same episodes for PMF. Queries "rest" are written out, which takes `source`; it may be null where there are none.
// The form has one N, K and Q for all episodes: Error(kBadInput) where they differ.
std::string ExportPmf(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The data sets below $TINT_DATA, found without decoding an image.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tint {

struct SplitSurvey {
  std::string split;  // train, val or test
  bool exists = false;
  std::string format;  // "archive", "class folders", "lists", "CUB-200-2011", "CIFAR-100"
  int64_t classes = 0;
  std::string problem;  // why it cannot be opened, or ""
};
struct DatasetSurvey {
  std::string name;                 // what --dataset takes
  std::vector<SplitSurvey> splits;  // of train, val, test
};
// The data sets that --dataset finds in `root`, by name. Only directories of archives and folders are read, no images.
// A `root` that cannot be listed: Error(kMissingInput).
std::vector<DatasetSurvey> SurveyDatasets(const std::filesystem::path& root);

}  // namespace tint

// What `tint dataset check` tells about a data set: every picture is decoded and hashed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tint/base/json.h"

namespace tint {

// Two pictures, each as "<split>/<class>/<file>".
using PicturePair = std::pair<std::string, std::string>;

struct SplitReport {
  std::string split;
  int64_t classes = 0;
  int64_t images = 0;
  int64_t fewest_in_class = 0, most_in_class = 0;
  std::map<std::string, int64_t> formats;                        // "jpeg" -> count, of those that decode
  std::map<std::string, int64_t> sizes;                          // "84x84" (width x height) -> count
  std::map<std::string, int64_t> warnings;                       // of the door for pictures, by text
  std::vector<std::pair<std::string, std::string>> undecodable;  // "<split>/<class>/<file>", reason
  std::vector<PicturePair> duplicates;  // the same pixels; each picture with the first that has them
  int64_t near_duplicates =
      0;  // pairs with difference hashes at most 4 bits apart, not counting `duplicates`; -1: not counted
  std::string content_sha256;
};

struct DatasetReport {
  std::string dataset;
  std::vector<SplitReport> splits;          // of train, val, test those that are there
  std::vector<PicturePair> across_splits;   // the same pixels in two splits
  std::vector<std::string> shared_classes;  // names of classes that stand in two splits
  std::vector<std::string> deviations;      // sentences: what is not as it must be; empty = in order
};

// Decodes all pictures on all processors. For miniimagenet also 64, 16 and 20 classes of 600 pictures in train, val,
// test (Ravi & Larochelle's split) are expected. Pictures that do not decode are told, not thrown. Errors as OpenSplit;
// no split at all: kMissingInput. Stops at a signal: kStopped. Near-duplicates are counted in splits of at most 50,000
// pictures (pair by pair).
DatasetReport CheckDataset(const std::filesystem::path& data_root, const std::string& dataset);

Json ToJson(const DatasetReport& report);

}  // namespace tint

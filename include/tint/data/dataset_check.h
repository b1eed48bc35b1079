// SPDX-License-Identifier: Apache-2.0
// The report of `tint dataset check`: every image of a data set is decoded and hashed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tint/base/json_fwd.h"

namespace tint {

// Two images, each as "<split>/<class>/<file>".
using ImagePair = std::pair<std::string, std::string>;

// Two images whose difference hashes are `distance` <= kNearBits bits apart and whose pixels differ.
struct NearPair {
  std::string first, second;
  int distance = 0;
};
inline constexpr size_t kMaxNearPairs = 200;  // listed of each kind, the closest first

struct SplitReport {
  std::string split;
  int64_t classes = 0;
  int64_t images = 0;
  int64_t fewest_in_class = 0, most_in_class = 0;
  std::map<std::string, int64_t> class_counts;                   // images of each class
  std::map<std::string, int64_t> formats;                        // "jpeg" -> count, of those that decode
  std::map<std::string, int64_t> sizes;                          // "84x84" (width x height) -> count
  std::map<std::string, int64_t> warnings;                       // of decoding, by text
  std::vector<std::pair<std::string, std::string>> undecodable;  // "<split>/<class>/<file>", reason
  std::vector<ImagePair> duplicates;  // the same pixels; each image with the first of the same pixels
  int64_t near_duplicates = 0;        // pairs
  std::vector<NearPair> near_pairs;
  std::string content_sha256;
};

// Near-duplicates between two splits: images for training and for testing should not look the same.
struct NearSplits {
  std::string first, second;
  int64_t near_duplicates = 0;  // pairs, the first image of each in the first split
  std::vector<NearPair> near_pairs;
};

struct DatasetReport {
  std::string dataset;
  std::vector<SplitReport> splits;          // those of train, val, test that exist
  std::vector<ImagePair> across_splits;     // the same pixels in two splits
  std::vector<NearSplits> near_splits;      // of each pair of splits
  std::vector<std::string> shared_classes;  // names of classes that are in two splits
  std::vector<std::string> deviations;      // sentences; empty if the data set is valid
};

// Decodes all images on all processors. Deviations are reported from the published data sets: miniimagenet and cifar-fs
// have 64, 16 and 20 known classes of 600 images in train, val, test; cub, divided by its rule, has 100, 50 and 50 of
// 41 to 60, 11,788 in all. Images that do not decode are reported, not thrown. Near-duplicates are not deviations.
// Errors as OpenSplit; no split at all: kMissingInput. Stops at a signal: kStopped.
DatasetReport CheckDataset(const std::filesystem::path& data_root, const std::string& dataset);

Json ToJson(const DatasetReport& report);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The report of a data set as JSON.
#include "tint/base/json.h"
#include "tint/data/dataset_check.h"

namespace tint {
namespace {

Json PairsToJson(const std::vector<ImagePair>& pairs) {
  Json list = Json::array();
  for (const auto& [first, second] : pairs) list.push_back({first, second});
  return list;
}

Json PairsToJson(const std::vector<NearPair>& pairs) {
  Json list = Json::array();
  for (const NearPair& pair : pairs)
    list.push_back({{"first", pair.first}, {"second", pair.second}, {"distance", pair.distance}});
  return list;
}

Json ToJson(const NearSplits& near) {
  return {{"splits", {near.first, near.second}},
          {"near_duplicates", near.near_duplicates},
          {"near_pairs", PairsToJson(near.near_pairs)}};
}

Json ToJson(const SplitReport& split) {
  Json undecodable = Json::array();
  for (const auto& [file, reason] : split.undecodable) undecodable.push_back({{"file", file}, {"reason", reason}});
  return {{"split", split.split},
          {"classes", split.classes},
          {"images", split.images},
          {"fewest_in_class", split.fewest_in_class},
          {"most_in_class", split.most_in_class},
          {"class_counts", split.class_counts},
          {"formats", split.formats},
          {"sizes", split.sizes},
          {"warnings", split.warnings},
          {"undecodable", undecodable},
          {"duplicates", PairsToJson(split.duplicates)},
          {"near_duplicates", split.near_duplicates},
          {"near_pairs", PairsToJson(split.near_pairs)},
          {"content_sha256", split.content_sha256}};
}

}  // namespace

Json ToJson(const DatasetReport& report) {
  Json splits = Json::array();
  for (const SplitReport& split : report.splits) splits.push_back(ToJson(split));
  Json near = Json::array();
  for (const NearSplits& two : report.near_splits) near.push_back(ToJson(two));
  return {{"dataset", report.dataset},
          {"splits", splits},
          {"across_splits", PairsToJson(report.across_splits)},
          {"near_splits", near},
          {"shared_classes", report.shared_classes},
          {"deviations", report.deviations}};
}

}  // namespace tint

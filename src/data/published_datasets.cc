// SPDX-License-Identifier: Apache-2.0
// Compares data sets with their published versions.
#include "dataset_formats.h"
#include "known_splits.h"

namespace tint::internal {
namespace {

struct PublishedDataset {
  std::map<std::string, int64_t> classes;  // of each split
  int64_t fewest, most;                    // images of a class
  int64_t images;                          // of all splits
  std::string (*split_of_class)(const std::string& name);
};

// Null for data sets without a published split.
const PublishedDataset* Find(const std::string& dataset, bool listed) {
  static const PublishedDataset mini = {{{"train", 64}, {"val", 16}, {"test", 20}}, 600, 600, 60'000, SplitOfMiniClass};
  static const PublishedDataset cifar = {
      {{"train", 64}, {"val", 16}, {"test", 20}}, 600, 600, 60'000, SplitOfCifarClass};
  static const PublishedDataset cub = {{{"train", 100}, {"val", 50}, {"test", 50}}, 41, 60, 11'788, nullptr};
  if (dataset == "miniimagenet") return &mini;
  if (dataset == "cifar-fs") return &cifar;
  return IsCub(dataset) && !listed ? &cub : nullptr;
}

std::string Range(int64_t fewest, int64_t most) {
  return std::to_string(fewest) + (most == fewest ? "" : " to " + std::to_string(most));
}

void CompareClasses(const SplitReport& split, const PublishedDataset& published, std::vector<std::string>* deviations) {
  for (const auto& [name, count] : split.class_counts) {
    const std::string place = split.split + "/" + name;
    const std::string published_split =
        published.split_of_class == nullptr ? split.split : published.split_of_class(name);
    if (published_split != split.split)
      deviations->push_back(
          place + (published_split.empty() ? " is not a class of the data set" : " belongs to " + published_split));
    if (count >= published.fewest && count <= published.most) continue;
    deviations->push_back(place + " has " + std::to_string(count) + " images, not " +
                          Range(published.fewest, published.most));
  }
}

}  // namespace

std::vector<std::string> PublishedDeviations(const DatasetReport& report, bool listed) {
  const PublishedDataset* published = Find(report.dataset, listed);
  std::vector<std::string> deviations;
  if (published == nullptr) return deviations;
  int64_t images = 0;
  for (const SplitReport& split : report.splits) {
    const int64_t expected = published->classes.at(split.split);
    images += split.images;
    if (split.classes != expected)
      deviations.push_back(split.split + " has " + std::to_string(split.classes) + " classes, not " +
                           std::to_string(expected));
    CompareClasses(split, *published, &deviations);
  }
  if (report.splits.size() != published->classes.size()) {
    deviations.push_back("only " + std::to_string(report.splits.size()) + " of train, val and test exist");
  } else if (images != published->images) {
    deviations.push_back("has " + std::to_string(images) + " images, not " + std::to_string(published->images));
  }
  return deviations;
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
#include "dataset_formats.h"

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

bool IsFile(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool IsFolder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

// With lists of classes, the splits are those that have one.
bool CubHas(const fs::path& lists, const std::string& split) {
  return !HasCubLists(lists) || !CubList(lists, split).empty();
}

SplitLocation FindCub(const fs::path& root, const std::string& split) {
  for (const std::string below : {"cub", "cub/CUB_200_2011", "CUB_200_2011"}) {
    const fs::path folder = root / below;
    if (!IsFile(folder / "images.txt")) continue;
    return CubHas(root / "cub", split) ? SplitLocation{DatasetFormat::kCub, folder} : SplitLocation{};
  }
  return {};
}

SplitLocation FindCifar(const fs::path& folder) {
  for (const fs::path& place : {folder, folder / "cifar-100-binary"}) {
    if (IsFile(place / "train.bin") || IsFile(place / "test.bin")) return {DatasetFormat::kCifar, place};
  }
  return {};
}

}  // namespace

bool IsCub(const std::string& dataset) { return dataset == "cub" || dataset == "cub-center" || dataset == "cub-none"; }

fs::path CubList(const fs::path& lists, const std::string& split) {
  const fs::path text = lists / (split + ".txt"), table = lists / (split + ".csv");
  if (IsFile(text) && IsFile(table)) {
    Fail(ExitCode::kBadInput,
         {.file = lists,
          .found = "contains both " + Quote(text.filename().native()) + " and " + Quote(table.filename().native()),
          .expected = "one list of the classes of " + split,
          .remedy = "Remove one"});
  }
  if (IsFile(text)) return text;
  return IsFile(table) ? table : fs::path();
}

bool HasCubLists(const fs::path& lists) {
  bool any = false;
  for (const std::string split : {"train", "val", "test"}) any = any || !CubList(lists, split).empty();
  return any;
}

SplitLocation FindSplit(const fs::path& root, const std::string& dataset, const std::string& split) {
  const fs::path folder = root / dataset;
  std::error_code ignored;
  if (fs::exists(folder / (split + ".zip"), ignored)) return {DatasetFormat::kZip, folder / (split + ".zip")};
  if (IsFolder(folder / split)) return {DatasetFormat::kFolder, folder / split};
  if (split != "train" && split != "val" && split != "test") return {};
  if (IsCub(dataset)) {
    const SplitLocation found = FindCub(root, split);
    if (found.format != DatasetFormat::kNone) return found;
  }
  if (dataset == "cifar-fs") {
    const SplitLocation found = FindCifar(folder);
    if (found.format != DatasetFormat::kNone) return found;
  }
  if (IsFile(folder / (split + ".csv"))) return {DatasetFormat::kCsv, folder};
  for (const std::string authors : {"ravi-larochelle", "bertinetto"}) {
    const fs::path list = folder / "splits" / authors / (split + ".txt");
    if (IsFile(list)) return {DatasetFormat::kClassLists, list};
  }
  return {};
}

std::vector<std::string> SplitsOf(const fs::path& root, const std::string& dataset) {
  std::vector<std::string> splits;
  for (const std::string split : {"train", "val", "test"}) {
    if (FindSplit(root, dataset, split).format != DatasetFormat::kNone) splits.push_back(split);
  }
  return splits;
}

}  // namespace tint::internal

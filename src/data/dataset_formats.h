// SPDX-License-Identifier: Apache-2.0
// The layouts of data sets that are recognized below TINT_DATA, and the functions that open each.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "tint/data/dataset.h"

namespace tint::internal {

enum class DatasetFormat { kNone, kZip, kFolder, kCub, kCifar, kCsv, kClassLists };

struct SplitLocation {
  DatasetFormat format = DatasetFormat::kNone;
  std::filesystem::path path;  // the archive, the split's folder, or the folder of its lists and files
};

// Where and in which format TINT_DATA holds the split; nothing is read.
SplitLocation FindSplit(const std::filesystem::path& root, const std::string& dataset, const std::string& split);

// Those of train, val and test that exist.
std::vector<std::string> SplitsOf(const std::filesystem::path& root, const std::string& dataset);

// The names of the CUB data sets, "cub", "cub-center", "cub-none": one for each crop.
bool IsCub(const std::string& dataset);

// FOLDER/<split>.csv and FOLDER/images/.
std::unique_ptr<ImageSource> OpenCsv(const std::filesystem::path& folder, const std::string& dataset,
                                     const std::string& split);

// `list` names one class per line; the folders of the classes are in `images`.
std::unique_ptr<ImageSource> OpenClassLists(const std::filesystem::path& list, const std::filesystem::path& images);

// `folder` holds images.txt and the other lists; `lists` may hold {train,val,test}.{txt,csv}.
std::unique_ptr<ImageSource> OpenCub(const std::filesystem::path& folder, const std::filesystem::path& lists,
                                     const std::string& dataset, const std::string& split);

// `folder` holds train.bin, test.bin and fine_label_names.txt.
std::unique_ptr<ImageSource> OpenCifar(const std::filesystem::path& folder, const std::string& split);

// The class list of a split of CUB in `lists`, as .txt or .csv; "" if it has none. Both: Error(kBadInput).
std::filesystem::path CubList(const std::filesystem::path& lists, const std::string& split);
// True if any of its splits has one.
bool HasCubLists(const std::filesystem::path& lists);

}  // namespace tint::internal

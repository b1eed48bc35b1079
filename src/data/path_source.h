// SPDX-License-Identifier: Apache-2.0
// Data sets whose lists give the path of each image.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "listed_source.h"

namespace tint::internal {

class PathSource : public ListedSource {
 public:
  // The numbers of the listing are indices into `paths`.
  PathSource(std::filesystem::path location, const Listing& listing, std::vector<std::filesystem::path> paths)
      : ListedSource(std::move(location), listing), paths_(std::move(paths)) {}

  bool is_folder() const override { return true; }
  std::string ReadBytes(const std::string& class_name, const std::string& file) const override;
  std::string Describe(const std::string& class_name, const std::string& file) const override;

 private:
  std::vector<std::filesystem::path> paths_;
};

// Names of the entries directly in the folder, without hidden ones. A link that leads out of the folder:
// Error(kBadInput). Missing folder: Error(kMissingInput) with the remedy.
std::set<std::string> NamesIn(const std::filesystem::path& folder, const std::string& remedy);

}  // namespace tint::internal

// What the forms of data sets share: the list of classes and files, made once when the source is opened.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tint/data/dataset.h"

namespace tint::internal {

// Larger files are no pictures that the door would take (PictureRules::max_bytes).
inline constexpr uint64_t kLargestFile = 200ull << 20;

// Class -> file -> a number that the form understands (the entry of an archive).
using Listing = std::map<std::string, std::map<std::string, uint64_t>>;

class ListedSource : public ImageSource {
 public:
  // `place` is the archive's or folder's path, for messages.
  ListedSource(std::filesystem::path place, const Listing& listing);

  const std::vector<std::string>& Classes() const override { return classes_; }
  const std::vector<std::string>& Files(const std::string& class_name) const override;

 protected:
  const std::filesystem::path& place() const { return place_; }
  // The number of a listed file; any other: Error(kBadInput).
  uint64_t Find(const std::string& class_name, const std::string& file) const;

 private:
  struct ClassFiles {
    std::vector<std::string> files;
    std::vector<uint64_t> numbers;
  };
  const ClassFiles& FindClass(const std::string& class_name) const;

  std::filesystem::path place_;
  std::vector<std::string> classes_;
  std::map<std::string, ClassFiles> files_;
};

// TINT_DATA/<dataset>/<split>.zip. `archive` is there.
std::unique_ptr<ImageSource> OpenZip(const std::filesystem::path& archive, const std::string& split);

// A folder of class folders. `folder` is there.
std::unique_ptr<ImageSource> OpenFolder(const std::filesystem::path& folder);

// Those of train, val and test that a data set's folder holds, as archive or folder.
std::vector<std::string> SplitsIn(const std::filesystem::path& folder);

}  // namespace tint::internal

// What the forms of data sets share: the list of classes and files, made once when the source is opened.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tint/data/dataset.h"

namespace tint::internal {

// Larger files are no images that the door would take (DecodeRules::max_bytes).
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

// A folder of class folders. `folder` is there. With `only`, those classes and no others; each is there.
std::unique_ptr<ImageSource> OpenFolder(const std::filesystem::path& folder,
                                        const std::set<std::string>* only = nullptr);

// A link may stand for another image of the same folder. One that leads elsewhere is how a folder from a stranger
// would show files that are not in it: Error(kBadInput). `root` is canonical.
void RefuseLinkOut(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace tint::internal

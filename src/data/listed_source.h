// SPDX-License-Identifier: Apache-2.0
// Base of all formats: the list of classes and files, made once when the source is opened.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tint/data/dataset.h"

namespace tint::internal {

// Larger files would not be decoded (DecodeRules::max_bytes).
inline constexpr uint64_t kMaxFileBytes = 200ull << 20;

// Class -> file -> a number that the format defines (the entry of an archive).
using Listing = std::map<std::string, std::map<std::string, uint64_t>>;

class ListedSource : public ImageSource {
 public:
  // `location` is the archive's or folder's path, for messages.
  ListedSource(std::filesystem::path location, const Listing& listing);

  const std::vector<std::string>& Classes() const override { return classes_; }
  const std::vector<std::string>& Files(const std::string& class_name) const override;

 protected:
  const std::filesystem::path& location() const { return location_; }
  // The number of a listed file; for any other file: Error(kBadInput).
  uint64_t Find(const std::string& class_name, const std::string& file) const;

 private:
  struct ClassFiles {
    std::vector<std::string> files;
    std::vector<uint64_t> numbers;
  };
  const ClassFiles& FindClass(const std::string& class_name) const;

  std::filesystem::path location_;
  std::vector<std::string> classes_;
  std::map<std::string, ClassFiles> files_;
};

// TINT_DATA/<dataset>/<split>.zip; `archive` exists.
std::unique_ptr<ImageSource> OpenZip(const std::filesystem::path& archive, const std::string& split);

// A folder of class folders; `folder` exists. With `only`, those classes and no others; each exists.
std::unique_ptr<ImageSource> OpenFolder(const std::filesystem::path& folder,
                                        const std::set<std::string>* only = nullptr);

// A symbolic link may lead to another image of the same folder. A link out of it, by which an untrusted folder could
// expose other files: Error(kBadInput). `root` is canonical.
void RequireLinkInside(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// Small data sets for tests: archives, class folders and images made on the spot.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tint/data/dataset.h"

namespace tint::testing {

struct ZipEntry {
  std::string name;
  std::string bytes;
  bool deflate = false;
  bool link = false;       // marked as a symbolic link
  bool encrypted = false;  // with a password
};
void WriteZip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries);

// A zip is written with a name of the same length in place of `from`, wherever it is in the file.
void RenameInZip(const std::filesystem::path& path, const std::string& from, const std::string& to);

// A data set in memory, for tests without files. Bytes of a file are "<class>/<file>".
class MemorySource : public ImageSource {
 public:
  explicit MemorySource(std::map<std::string, std::vector<std::string>> files);
  const std::vector<std::string>& Classes() const override { return classes_; }
  const std::vector<std::string>& Files(const std::string& class_name) const override;
  std::string ReadBytes(const std::string& class_name, const std::string& file) const override;
  std::string Describe(const std::string& class_name, const std::string& file) const override;
  // The arguments of all calls of ReadBytes.
  mutable std::vector<std::string> read;

 private:
  std::vector<std::string> classes_;
  std::map<std::string, std::vector<std::string>> files_;
};

// `classes` classes n00, n01, ... with images p000.png, p001.png, ...
std::map<std::string, std::vector<std::string>> NumberedFiles(int classes, int files);

// uint8 [3, height, width]: a smooth pattern that `seed` changes.
at::Tensor Pattern(int64_t height, int64_t width, int seed);

}  // namespace tint::testing

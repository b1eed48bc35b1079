// SPDX-License-Identifier: Apache-2.0
// A data set in memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tint/data/dataset.h"
#include "tint/image/pixels.h"

namespace tint::testing {

class MemorySource : public ImageSource {
 public:
  // Class -> file -> uint8 [3, H, W].
  explicit MemorySource(std::map<std::string, std::map<std::string, at::Tensor>> images) : images_(std::move(images)) {
    for (const auto& [class_name, files] : images_) {
      classes_.push_back(class_name);
      for (const auto& [file, pixels] : files) files_[class_name].push_back(file);
    }
  }
  const std::vector<std::string>& Classes() const override { return classes_; }
  const std::vector<std::string>& Files(const std::string& class_name) const override { return files_.at(class_name); }
  std::string ReadBytes(const std::string& class_name, const std::string& file) const override {
    return PixelSha256(images_.at(class_name).at(file));
  }
  DecodedImage Decode(const std::string& class_name, const std::string& file) const override {
    const at::Tensor pixels = images_.at(class_name).at(file);
    return {.pixels = pixels, .format = "raw", .file_sha256 = {}, .pixel_sha256 = PixelSha256(pixels), .warnings = {}};
  }
  std::string Describe(const std::string& class_name, const std::string& file) const override {
    return "memory/" + class_name + "/" + file;
  }

 private:
  std::map<std::string, std::map<std::string, at::Tensor>> images_;
  std::vector<std::string> classes_;
  std::map<std::string, std::vector<std::string>> files_;
};

}  // namespace tint::testing

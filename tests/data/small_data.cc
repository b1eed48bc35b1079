// SPDX-License-Identifier: Apache-2.0
#include "small_data.h"

#include <ATen/ops/empty.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zip.h>

#include <cmath>
#include <cstdio>

#include "files.h"

namespace tint::testing {

void WriteZip(const std::filesystem::path& path, const std::vector<ZipEntry>& entries) {
  std::filesystem::create_directories(path.parent_path());
  int code = 0;
  zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  ASSERT_NE(archive, nullptr) << path << " " << code;
  for (const ZipEntry& entry : entries) {
    if (entry.name.ends_with('/')) {
      ASSERT_GE(zip_dir_add(archive, entry.name.c_str(), ZIP_FL_ENC_UTF_8), 0) << zip_strerror(archive);
      continue;
    }
    zip_source_t* source = zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
    const zip_int64_t index = zip_file_add(archive, entry.name.c_str(), source, ZIP_FL_ENC_GUESS);
    ASSERT_GE(index, 0) << entry.name << " " << zip_strerror(archive);
    zip_set_file_compression(archive, index, entry.deflate ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0);
    if (entry.encrypted) {
      ASSERT_EQ(zip_file_set_encryption(archive, index, ZIP_EM_AES_256, "secret"), 0) << zip_strerror(archive);
    }
    const zip_uint32_t mode = entry.link ? S_IFLNK | 0777 : S_IFREG | 0644;
    zip_file_set_external_attributes(archive, index, 0, ZIP_OPSYS_UNIX, mode << 16);
  }
  ASSERT_EQ(zip_close(archive), 0) << zip_strerror(archive);
}

void RenameInZip(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  ASSERT_EQ(from.size(), to.size());
  std::string bytes = ReadAll(path);
  int found = 0;
  for (size_t at = 0; (at = bytes.find(from, at)) != std::string::npos; at += to.size(), ++found) {
    bytes.replace(at, from.size(), to);
  }
  ASSERT_EQ(found, 2) << from << " is in the entry's header and in the directory";
  WriteAll(path, bytes);
}

MemorySource::MemorySource(std::map<std::string, std::vector<std::string>> files) : files_(std::move(files)) {
  for (const auto& [name, own] : files_) classes_.push_back(name);
}

const std::vector<std::string>& MemorySource::Files(const std::string& class_name) const {
  return files_.at(class_name);
}

std::string MemorySource::ReadBytes(const std::string& class_name, const std::string& file) const {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  read.push_back(class_name + "/" + file);
  return read.back();
}

std::string MemorySource::Describe(const std::string& class_name, const std::string& file) const {
  return "memory/" + class_name + "/" + file;
}

std::map<std::string, std::vector<std::string>> NumberedFiles(int classes, int files) {
  std::map<std::string, std::vector<std::string>> all;
  for (int c = 0; c < classes; ++c) {
    char name[32];
    std::snprintf(name, sizeof name, "n%02d", c);
    for (int i = 0; i < files; ++i) {
      char file[32];
      std::snprintf(file, sizeof file, "p%03d.png", i);
      all[name].push_back(file);
    }
  }
  return all;
}

at::Tensor Pattern(int64_t height, int64_t width, int seed) {
  at::Tensor pixels = at::empty({3, height, width}, at::kByte);
  auto* out = pixels.data_ptr<uint8_t>();
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t y = 0; y < height; ++y) {
      for (int64_t x = 0; x < width; ++x) {
        const double wave = std::sin(0.11 * (x + seed) * (c + 1)) * std::cos(0.07 * (y + 3 * seed));
        out[(c * height + y) * width + x] = static_cast<uint8_t>(std::lround(127.5 + 120 * wave));
      }
    }
  }
  return pixels;
}

}  // namespace tint::testing

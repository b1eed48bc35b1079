// SPDX-License-Identifier: Apache-2.0
#include "zip_names.h"

#include <algorithm>
#include <cstdint>
#include <fstream>

#include "tint/base/error.h"

namespace tint::internal {
namespace {

// Offsets in the records of PKWARE's APPNOTE 6.3.3, sections 4.3.12, 4.3.14 and 4.3.16.
constexpr size_t kEndBytes = 22;
constexpr size_t kMaxCommentBytes = 65535;
constexpr size_t kZip64EndBytes = 56, kZip64LocatorBytes = 20;
constexpr size_t kHeaderBytes = 46;

uint64_t LittleEndian(const std::string& bytes, size_t at, size_t count) {
  uint64_t value = 0;
  for (size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

std::string ReadPart(const std::filesystem::path& file, uint64_t offset, uint64_t count) {
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  std::string bytes(count, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  if (!in) Fail(ExitCode::kInputOutput, {.file = file, .found = "its directory cannot be read"});
  return bytes;
}

[[noreturn]] void FailDirectory(const std::filesystem::path& archive) {
  Fail(ExitCode::kBadInput,
       {.file = archive, .found = "its directory is damaged", .expected = "an undamaged zip archive"});
}

std::string ReadDirectory(const std::filesystem::path& archive) {
  const uint64_t size = std::filesystem::file_size(archive);
  const uint64_t tail_size =
      std::min<uint64_t>(size, kEndBytes + kMaxCommentBytes + kZip64EndBytes + kZip64LocatorBytes);
  const std::string tail = ReadPart(archive, size - tail_size, tail_size);
  const size_t end = tail.rfind("PK\x05\x06");
  if (end == std::string::npos || end + kEndBytes > tail.size()) FailDirectory(archive);
  uint64_t count = LittleEndian(tail, end + 12, 4), offset = LittleEndian(tail, end + 16, 4);
  if (LittleEndian(tail, end + 10, 2) == 0xFFFF || count == 0xFFFFFFFF || offset == 0xFFFFFFFF) {
    const size_t end64 = tail.rfind("PK\x06\x06", end);
    if (end64 != std::string::npos && end64 + kZip64EndBytes <= tail.size()) {
      count = LittleEndian(tail, end64 + 40, 8);
      offset = LittleEndian(tail, end64 + 48, 8);
    }
  }
  if (offset > size || count > size - offset) FailDirectory(archive);
  return ReadPart(archive, offset, count);
}

}  // namespace

void CheckNoNulInNames(const std::filesystem::path& archive, const std::vector<std::string>& names) {
  auto has_blank = [](const std::string& name) { return name.find(' ') != std::string::npos; };
  if (std::none_of(names.begin(), names.end(), has_blank)) return;
  const std::string directory = ReadDirectory(archive);
  size_t at = 0;
  for (const std::string& name : names) {
    const bool header = at + kHeaderBytes <= directory.size() && directory.compare(at, 4, "PK\x01\x02") == 0;
    if (!header) FailDirectory(archive);
    const uint64_t length = LittleEndian(directory, at + 28, 2);
    const std::string raw = directory.substr(at + kHeaderBytes, length);
    if (raw.find('\0') != std::string::npos) {
      Fail(ExitCode::kBadInput,
           {.file = archive, .field = raw, .found = "the name contains a NUL byte", .expected = "a plain name"});
    }
    if (raw != name) FailDirectory(archive);
    at += kHeaderBytes + length + LittleEndian(directory, at + 30, 2) + LittleEndian(directory, at + 32, 2);
  }
}

}  // namespace tint::internal

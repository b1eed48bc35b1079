// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/image_shards.h"

#include <zip.h>

#include <memory>
#include <set>

#include "tint/artifacts/layout.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr zip_uint16_t kDosDate =
    (0 << 9) | (1 << 5) | 1;  // 1 January 1980, the first day of DOS time: the same in every time zone

struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
  void operator()(zip_source_t* source) const { zip_source_free(source); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, Discard>;
using EntryFile = std::unique_ptr<zip_file_t, Discard>;

struct ZipError {
  zip_error_t error;
  ZipError() { zip_error_init(&error); }
  ~ZipError() { zip_error_fini(&error); }
  ZipError(const ZipError&) = delete;
  ZipError& operator=(const ZipError&) = delete;
  std::string Text() { return zip_error_strerror(&error); }
};

void AddEntry(zip_t* archive, const ShardEntry& entry) {
  TINT_CHECK(IsArtifactName(entry.name)) << Quote(entry.name) << " is not a name for an entry";
  zip_source_t* data = zip_source_buffer(archive, entry.bytes.data(), entry.bytes.size(), 0);
  const zip_int64_t idx = data == nullptr ? -1 : zip_file_add(archive, entry.name.c_str(), data, 0);
  if (data != nullptr && idx < 0) zip_source_free(data);
  TINT_CHECK(idx >= 0) << Quote(entry.name) << ": " << zip_strerror(archive);
  const auto position = static_cast<zip_uint64_t>(idx);
  TINT_CHECK(zip_set_file_compression(archive, position, ZIP_CM_STORE, 0) == 0) << zip_strerror(archive);
  TINT_CHECK(zip_file_set_dostime(archive, position, 0, kDosDate, 0) == 0) << zip_strerror(archive);
}

std::string BytesOf(zip_source_t* source) {
  zip_stat_t status;
  TINT_CHECK(zip_source_open(source) == 0 && zip_source_stat(source, &status) == 0);
  std::string bytes(status.size, '\0');
  const zip_int64_t count = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  TINT_CHECK_EQ(count, static_cast<zip_int64_t>(bytes.size()));
  return bytes;
}

class ShardReader {
 public:
  ShardReader(const std::string& bytes, const std::string& file, uint64_t foreign_limit)
      : file_(file), foreign_(foreign_limit > 0), left_(foreign_ ? foreign_limit : bytes.size()) {
    ZipError error;
    Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error.error));
    if (!source) FailEntry("", error.Text(), "");
    // ZIP_CHECKCONS: the directory and the entries' own headers must agree.
    archive_.reset(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, &error.error));
    if (!archive_) FailEntry("", error.Text(), "a zip archive");
    static_cast<void>(source.release());  // the archive owns it
  }

  std::vector<ShardEntry> Read() {
    const zip_int64_t count = zip_get_num_entries(archive_.get(), 0);
    // libzip takes no bytes at all for an archive of nothing.
    if (count < 1 || count > kImagesPerShard) {
      FailEntry("", "holds " + std::to_string(count) + " entries", "1 to " + std::to_string(kImagesPerShard));
    }
    std::vector<ShardEntry> entries;
    for (zip_int64_t i = 0; i < count; ++i) entries.push_back(ReadEntry(static_cast<zip_uint64_t>(i)));
    return entries;
  }

 private:
  [[noreturn]] void FailEntry(const std::string& entry, const std::string& found, const std::string& expected) {
    Fail(foreign_ ? ExitCode::kBadInput : ExitCode::kCorrupt,
         {.file = file_, .field = entry, .found = found, .expected = expected});
  }

  ShardEntry ReadEntry(zip_uint64_t idx) {
    zip_stat_t status;
    if (zip_stat_index(archive_.get(), idx, ZIP_FL_ENC_RAW, &status) != 0) {
      FailEntry("entry " + std::to_string(idx), zip_strerror(archive_.get()), "a readable entry");
    }
    constexpr zip_uint64_t kNeeded = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if ((status.valid & kNeeded) != kNeeded) FailEntry("entry " + std::to_string(idx), "has no name or size", "both");
    const std::string name = status.name;
    if (!IsArtifactName(name)) FailEntry(name, "is not a plain name", "[A-Za-z0-9._-]");
    if (!names_.insert(name).second) FailEntry(name, "occurs twice", "each name once");
    const bool known = status.comp_method == ZIP_CM_STORE || (foreign_ && status.comp_method == ZIP_CM_DEFLATE);
    if (!known || status.encryption_method != ZIP_EM_NONE)
      FailEntry(name, "is compressed or encrypted", foreign_ ? "a stored or deflated entry" : "a stored entry");
    // Stored entries may not share bytes, so together they are no longer than the archive.
    if (status.size > left_)
      FailEntry(name, "is longer than " + std::string(foreign_ ? "all may be" : "the archive"), "entries that fit");
    left_ -= status.size;
    return {.name = name, .bytes = Contents(idx, name, status.size)};
  }

  std::string Contents(zip_uint64_t idx, const std::string& name, zip_uint64_t size) {
    EntryFile entry(zip_fopen_index(archive_.get(), idx, 0));
    if (!entry) FailEntry(name, zip_strerror(archive_.get()), "a readable entry");
    std::string bytes(size + 1, '\0');  // one more: the CRC is compared when the end is met
    zip_uint64_t filled = 0;
    for (;;) {
      const zip_int64_t count = zip_fread(entry.get(), bytes.data() + filled, bytes.size() - filled);
      if (count < 0) FailEntry(name, zip_file_strerror(entry.get()), "a complete entry");
      if (count == 0) break;
      filled += static_cast<zip_uint64_t>(count);
      if (filled > size) break;
    }
    if (filled != size) FailEntry(name, "has another length than listed", std::to_string(size) + " bytes");
    bytes.resize(size);
    return bytes;
  }

  const std::string& file_;
  bool foreign_;
  uint64_t left_;  // bytes that further entries may have
  Archive archive_;
  std::set<std::string> names_;
};

}  // namespace

std::string WriteShard(const std::vector<ShardEntry>& entries) {
  TINT_CHECK(!entries.empty() && entries.size() <= static_cast<size_t>(kImagesPerShard)) << entries.size();
  ZipError error;
  Source source(zip_source_buffer_create(nullptr, 0, 0, &error.error));
  TINT_CHECK(source != nullptr) << error.Text();
  Archive archive(zip_open_from_source(source.get(), ZIP_TRUNCATE, &error.error));
  TINT_CHECK(archive != nullptr) << error.Text();
  zip_source_keep(source.get());  // one reference is the archive's, one ours
  for (const ShardEntry& entry : entries) AddEntry(archive.get(), entry);
  TINT_CHECK(zip_close(archive.get()) == 0) << zip_strerror(archive.get());
  static_cast<void>(archive.release());
  return BytesOf(source.get());
}

std::vector<ShardEntry> ReadShard(const std::string& bytes, const std::string& file, uint64_t foreign_limit) {
  return ShardReader(bytes, file, foreign_limit).Read();
}

}  // namespace tint

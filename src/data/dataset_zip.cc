// SPDX-License-Identifier: Apache-2.0
// A split in a zip archive, read in place. Everything that the archive's directory states is checked when it is
// opened, before any entry is read; nothing is ever written.
#include <sys/stat.h>
#include <zip.h>

#include <algorithm>
#include <mutex>

#include "listed_source.h"
#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/data/names.h"
#include "zip_names.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxEntries = 1'000'000;
constexpr uint64_t kMaxCompressionRatio = 100;  // unpacked to packed bytes; images compress by a few percent

struct CloseArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
using Archive = std::unique_ptr<zip_t, CloseArchive>;

[[noreturn]] void FailEntry(const fs::path& archive, const std::string& entry, const std::string& found,
                            const std::string& expected) {
  Fail(ExitCode::kBadInput, {.file = archive, .field = entry, .found = found, .expected = expected});
}

Archive OpenArchive(const fs::path& path) {
  if (!fs::is_regular_file(path)) FailEntry(path, "", "is not a regular file", "a zip archive");
  int code = 0;
  Archive archive(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (archive) return archive;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string text = zip_error_strerror(&error);
  const int system_error = zip_error_code_system(&error);
  zip_error_fini(&error);
  if (code == ZIP_ER_OPEN && (system_error == EACCES || system_error == EPERM)) {
    Fail(ExitCode::kUntrusted, {.file = path, .found = "cannot be read: " + text});
  }
  if (code == ZIP_ER_READ || code == ZIP_ER_SEEK) Fail(ExitCode::kInputOutput, {.file = path, .found = text});
  FailEntry(path, "", "cannot be opened as a zip archive: " + text, "an undamaged zip archive");
}

// The parts of "<split>/<class>/<file>". For the entries of the folders themselves, which some tools write, `file` is
// empty.
struct EntryName {
  std::string class_name, file;
};

EntryName CheckName(const fs::path& archive, const std::string& name, const std::string& split) {
  const std::string expected = Quote(split + "/CLASS/FILE") + " and nothing else";
  const std::vector<std::string> parts = Split(name, '/');
  if (name.starts_with('/')) FailEntry(archive, name, "is an absolute path", expected);
  if (std::find(parts.begin(), parts.end(), "..") != parts.end())
    FailEntry(archive, name, "leads out of the archive", expected);
  if (parts.front() != split) FailEntry(archive, name, "is not in " + Quote(split + "/"), expected);
  const bool folder = parts.back().empty();
  if (folder ? parts.size() > 3 : parts.size() != 3) {
    FailEntry(archive, name, "is " + std::string(parts.size() > 3 ? "nested too deeply" : "not in a class folder"),
              expected);
  }
  for (size_t i = 1; i + (folder ? 1 : 0) < parts.size(); ++i) {
    const std::string why = NameError(parts[i]);
    if (!why.empty()) FailEntry(archive, name, "the part " + Quote(parts[i]) + " " + why, "a plain name");
  }
  return {parts[1], folder ? "" : parts[2]};
}

// Size, compression method, encryption and file type, as the archive's directory states them.
void CheckEntry(const fs::path& path, zip_t* archive, const zip_stat_t& stat, const std::string& name, bool folder) {
  constexpr zip_uint64_t kNeeded =
      ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
  if ((stat.valid & kNeeded) != kNeeded) FailEntry(path, name, "has no size", "a complete archive");
  if (stat.encryption_method != ZIP_EM_NONE) FailEntry(path, name, "is encrypted", "unencrypted entries");
  if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE) {
    FailEntry(path, name, "is compressed by method " + std::to_string(stat.comp_method), "stored or deflated entries");
  }
  if (stat.comp_method == ZIP_CM_STORE && stat.size != stat.comp_size) {
    FailEntry(path, name, "is stored, but its two sizes differ", "equal sizes");
  }
  if (stat.size > kMaxFileBytes) {
    FailEntry(path, name, "has " + FormatBytes(stat.size), "images of at most " + FormatBytes(kMaxFileBytes));
  }
  if (stat.size / kMaxCompressionRatio > stat.comp_size) {
    FailEntry(path, name, "unpacks from " + FormatBytes(stat.comp_size) + " to " + FormatBytes(stat.size),
              "a ratio of at most " + std::to_string(kMaxCompressionRatio));
  }
  if (folder && stat.size != 0)
    FailEntry(path, name, "has the name of a folder but contains bytes", "a file or a folder");
  zip_uint8_t system = 0;
  zip_uint32_t attributes = 0;
  if (zip_file_get_external_attributes(archive, stat.index, 0, &system, &attributes) != 0) {
    FailEntry(path, name, "its attributes cannot be read", "a complete archive");
  }
  const mode_t type = system == ZIP_OPSYS_UNIX ? (attributes >> 16) & S_IFMT : 0;
  if (type == S_IFLNK) FailEntry(path, name, "is a symbolic link", "files");
  if (type != 0 && type != (folder ? S_IFDIR : S_IFREG)) FailEntry(path, name, "is not a regular file", "files");
}

Listing CheckedListing(const fs::path& path, zip_t* archive, const std::string& split) {
  const zip_int64_t count = zip_get_num_entries(archive, 0);
  if (count > kMaxEntries) {
    FailEntry(path, "", "has " + std::to_string(count) + " entries", "at most " + std::to_string(kMaxEntries));
  }
  Listing listing;
  std::vector<std::string> names;
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive, i, ZIP_FL_ENC_RAW, &stat) != 0 || !(stat.valid & ZIP_STAT_NAME)) {
      FailEntry(path, "entry " + std::to_string(i), zip_strerror(archive), "an entry with a name");
    }
    names.push_back(stat.name);
    const auto [class_name, file] = CheckName(path, names.back(), split);
    CheckEntry(path, archive, stat, names.back(), file.empty());
    if (file.empty()) continue;
    if (!listing[class_name].emplace(file, i).second) FailEntry(path, names.back(), "appears twice", "each entry once");
  }
  CheckNoNulInNames(path, names);
  if (listing.empty()) FailEntry(path, "", "contains no image", Quote(split + "/CLASS/FILE"));
  return listing;
}

void CheckNormalizationCollisions(const fs::path& path, const Listing& listing) {
  std::vector<std::string> classes;
  auto check = [&](const std::vector<std::string>& names) {
    const auto [first, second] = FindNormalizationCollision(names);
    if (first.empty()) return;
    FailEntry(path, first, "appears twice, in two Unicode normalization forms", "distinct names");
  };
  for (const auto& [class_name, files] : listing) {
    classes.push_back(class_name);
    std::vector<std::string> names;
    for (const auto& [file, index] : files) names.push_back(file);
    check(names);
  }
  check(classes);
}

class ZipSource : public ListedSource {
 public:
  ZipSource(const fs::path& path, const std::string& split, const Listing& listing, Archive archive)
      : ListedSource(path, listing), split_(split), archive_(std::move(archive)) {}

  std::string ReadBytes(const std::string& class_name, const std::string& file) const override;
  std::string Describe(const std::string& class_name, const std::string& file) const override {
    return location() / split_ / class_name / file;
  }

 private:
  std::string split_;
  // A libzip handle is not thread-safe. Reading an image takes microseconds, decoding it a hundred times as long.
  mutable std::mutex mutex_;
  Archive archive_;
};

std::string ZipSource::ReadBytes(const std::string& class_name, const std::string& file) const {
  const uint64_t index = Find(class_name, file);
  auto damaged = [&](const std::string& why) {
    Fail(ExitCode::kBadInput, {.file = Describe(class_name, file),
                               .found = "cannot be read from the archive: " + why,
                               .expected = "an undamaged archive",
                               .remedy = "Download it again"});
  };
  const std::lock_guard<std::mutex> lock(mutex_);
  zip_stat_t stat;
  if (zip_stat_index(archive_.get(), index, 0, &stat) != 0) damaged(zip_strerror(archive_.get()));
  zip_file_t* entry = zip_fopen_index(archive_.get(), index, 0);
  if (entry == nullptr) damaged(zip_strerror(archive_.get()));
  const std::unique_ptr<zip_file_t, void (*)(zip_file_t*)> closer(entry, [](zip_file_t* open) { zip_fclose(open); });
  // One byte more than expected: the read that reaches the end also verifies the checksum.
  std::string bytes(stat.size + 1, '\0');
  size_t filled = 0;
  while (filled < bytes.size()) {
    const zip_int64_t got = zip_fread(entry, bytes.data() + filled, bytes.size() - filled);
    if (got < 0) damaged(zip_file_strerror(entry));
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  if (filled != stat.size) {
    damaged((filled > stat.size ? "more than " : "ends after ") +
            std::to_string(std::min<uint64_t>(filled, stat.size)) + " of " + std::to_string(stat.size) + " bytes");
  }
  bytes.resize(stat.size);
  return bytes;
}

}  // namespace

std::unique_ptr<ImageSource> OpenZip(const fs::path& archive, const std::string& split) {
  Archive handle = OpenArchive(archive);
  const Listing listing = CheckedListing(archive, handle.get(), split);
  CheckNormalizationCollisions(archive, listing);
  return std::make_unique<ZipSource>(archive, split, listing, std::move(handle));
}

}  // namespace tint::internal

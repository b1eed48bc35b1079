// SPDX-License-Identifier: Apache-2.0
// Class folders: one folder per class, the images directly in it.
#include <algorithm>

#include "listed_source.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/data/names.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

class FolderSource : public ListedSource {
 public:
  using ListedSource::ListedSource;

  bool is_folder() const override { return true; }
  std::string ReadBytes(const std::string& class_name, const std::string& file) const override {
    Find(class_name, file);
    return ReadFile(location() / class_name / file, kMaxFileBytes);
  }
  std::string Describe(const std::string& class_name, const std::string& file) const override {
    return location() / class_name / file;
  }
};

struct Entry {
  std::string name;
  fs::file_status status;  // links followed
  bool is_link;
};

// The entries of a folder in byte order, without hidden ones, each of which gives a warning.
std::vector<Entry> ListFolder(const fs::path& folder) {
  std::vector<Entry> entries;
  std::error_code error, ignored;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (name.front() == '.') {
      spdlog::warn("{}: hidden, ignored", Quote(at->path().native()));
    } else {
      entries.push_back({name, at->status(ignored), at->is_symlink(ignored)});
    }
  }
  if (error) {
    const bool denied = error == std::errc::permission_denied;
    Fail(denied ? ExitCode::kUntrusted : ExitCode::kInputOutput,
         {.file = folder, .found = "cannot be listed: " + error.message()});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  return entries;
}

void CheckNormalizationCollisions(const fs::path& folder, const std::vector<std::string>& names) {
  const auto [first, second] = FindNormalizationCollision(names);
  if (first.empty()) return;
  Fail(ExitCode::kBadInput, {.file = folder,
                             .found = "two names differ only in Unicode normalization: " + Quote(first),
                             .expected = "distinct names",
                             .remedy = "Rename one"});
}

void CheckName(const fs::path& path, const std::string& why) {
  if (why.empty()) return;
  Fail(ExitCode::kBadInput,
       {.file = path, .found = "its name " + why, .expected = "a plain name", .remedy = "Rename it"});
}

std::map<std::string, uint64_t> ListFiles(const fs::path& root, const fs::path& folder) {
  std::map<std::string, uint64_t> files;
  std::vector<std::string> names;
  for (const auto& [name, status, is_link] : ListFolder(folder)) {
    const fs::path path = folder / name;
    if (fs::is_directory(status)) {
      spdlog::warn("{}: a folder inside a class, ignored", Quote(path.native()));
      continue;
    }
    // A leading '-' is allowed: names of images never become names of artifacts or arguments.
    CheckName(path, NameError(name.front() == '-' ? "_" + name.substr(1) : name));
    if (!fs::is_regular_file(status)) {
      const bool dangling = status.type() == fs::file_type::not_found;
      Fail(ExitCode::kBadInput, {.file = path,
                                 .found = dangling ? "is a broken symbolic link" : "is a pipe, socket or device",
                                 .expected = "an image"});
    }
    if (is_link) RequireLinkInside(root, path);
    files.emplace(name, 0);
    names.push_back(name);
  }
  CheckNormalizationCollisions(folder, names);
  return files;
}

}  // namespace

void RequireLinkInside(const fs::path& root, const fs::path& path) {
  std::error_code error;
  const fs::path target = fs::canonical(path, error);
  if (error) return;  // a broken link is reported elsewhere
  if (std::mismatch(root.begin(), root.end(), target.begin(), target.end()).first == root.end()) return;
  Fail(ExitCode::kBadInput, {.file = path,
                             .found = "is a symbolic link to " + Quote(target.native()) + ", outside the folder",
                             .expected = "a file below " + Quote(root.native()),
                             .remedy = "Copy it there"});
}

std::unique_ptr<ImageSource> OpenFolder(const fs::path& folder, const std::set<std::string>* only) {
  Listing listing;
  std::vector<std::string> names;
  size_t loose = 0;
  const fs::path root = fs::canonical(folder);
  for (const auto& [name, status, is_link] : ListFolder(folder)) {
    if (only != nullptr && !only->contains(name)) continue;
    if (!fs::is_directory(status)) {
      spdlog::warn("{}: not in a class folder, ignored", Quote((folder / name).native()));
      ++loose;
      continue;
    }
    CheckName(folder / name, NameError(name));
    if (is_link) RequireLinkInside(root, folder / name);
    listing[name] = ListFiles(root, folder / name);
    names.push_back(name);
    if (!listing[name].empty()) continue;
    Fail(ExitCode::kBadInput, {.file = folder / name,
                               .found = "the class has no files",
                               .expected = "JPEG or PNG images directly in the folder",
                               .remedy = "Add some, or remove the folder"});
  }
  CheckNormalizationCollisions(folder, names);
  if (listing.empty()) {
    Fail(ExitCode::kBadInput,
         {.file = folder,
          .found = "contains no class folder" + (loose == 0 ? "" : ", only " + std::to_string(loose) + " files"),
          .expected = "one folder per class with its images in it",
          .remedy = "Move the images of each class into a separate folder: DIR/CLASS/IMAGE"});
  }
  return std::make_unique<FolderSource>(folder, listing);
}

}  // namespace tint::internal

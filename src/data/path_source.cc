// SPDX-License-Identifier: Apache-2.0
#include "path_source.h"

#include "tint/base/error.h"
#include "tint/base/file.h"

namespace tint::internal {

namespace fs = std::filesystem;

std::string PathSource::ReadBytes(const std::string& class_name, const std::string& file) const {
  return ReadFile(paths_[Find(class_name, file)], kMaxFileBytes);
}

std::string PathSource::Describe(const std::string& class_name, const std::string& file) const {
  return paths_[Find(class_name, file)];
}

std::set<std::string> NamesIn(const fs::path& folder, const std::string& remedy) {
  std::error_code error;
  if (!fs::is_directory(folder, error)) {
    Fail(ExitCode::kMissingInput,
         {.file = folder, .found = "does not exist", .expected = "the folder of the images", .remedy = remedy});
  }
  const fs::path root = fs::canonical(folder);
  std::set<std::string> names;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (name.starts_with('.')) continue;
    std::error_code ignored;
    if (at->is_symlink(ignored)) RequireLinkInside(root, at->path());
    names.insert(name);
  }
  if (!error) return names;
  const bool denied = error == std::errc::permission_denied;
  Fail(denied ? ExitCode::kUntrusted : ExitCode::kInputOutput,
       {.file = folder, .found = "cannot be listed: " + error.message()});
}

}  // namespace tint::internal

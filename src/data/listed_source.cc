// SPDX-License-Identifier: Apache-2.0
#include "listed_source.h"

#include <algorithm>

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {

ListedSource::ListedSource(std::filesystem::path location, const Listing& listing) : location_(std::move(location)) {
  for (const auto& [class_name, files] : listing) {
    classes_.push_back(class_name);
    ClassFiles& class_files = files_[class_name];
    for (const auto& [file, number] : files) {
      class_files.files.push_back(file);
      class_files.numbers.push_back(number);
    }
  }
}

const ListedSource::ClassFiles& ListedSource::FindClass(const std::string& class_name) const {
  const auto found = files_.find(class_name);
  if (found != files_.end()) return found->second;
  Fail(ExitCode::kBadInput, {.file = location_,
                             .found = "has no class " + Quote(class_name),
                             .expected = "one of its " + std::to_string(classes_.size()) + " classes",
                             .remedy = DidYouMean(class_name, classes_)});
}

const std::vector<std::string>& ListedSource::Files(const std::string& class_name) const {
  return FindClass(class_name).files;
}

uint64_t ListedSource::Find(const std::string& class_name, const std::string& file) const {
  const ClassFiles& found = FindClass(class_name);
  const auto at = std::lower_bound(found.files.begin(), found.files.end(), file);
  if (at != found.files.end() && *at == file) return found.numbers[at - found.files.begin()];
  Fail(ExitCode::kBadInput, {.file = location_,
                             .found = "class " + Quote(class_name) + " has no file " + Quote(file),
                             .expected = "one of its " + std::to_string(found.files.size()) + " files",
                             .remedy = DidYouMean(file, found.files)});
}

}  // namespace tint::internal

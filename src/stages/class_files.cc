// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/class_files.h"

#include <vector>

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

int64_t ClassNamed(const Task& task, const std::string& name, const std::string& field) {
  std::vector<std::string> names;
  for (const TaskClass& task_class : task.classes) {
    if (task_class.name == name) return static_cast<int64_t>(names.size());
    names.push_back(task_class.name);
  }
  Fail(ExitCode::kBadConfiguration, {.field = field,
                                     .found = Quote(name),
                                     .expected = "a class of this run: " + Join(names, ", "),
                                     .remedy = DidYouMean(name, names)});
}

}  // namespace

std::map<int64_t, std::string> FilesOfClasses(const Task& task, const std::string& pairs, const std::string& field) {
  std::map<int64_t, std::string> files;
  if (pairs.empty()) return files;
  for (const std::string& pair : Split(pairs, ',')) {
    const size_t equals = pair.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == pair.size())
      Fail(ExitCode::kBadConfiguration, {.field = field, .found = Quote(pair), .expected = "NAME=FILE"});
    const std::string name = pair.substr(0, equals);
    if (!files.emplace(ClassNamed(task, name, field), pair.substr(equals + 1)).second)
      Fail(ExitCode::kBadConfiguration, {.field = field, .found = "two files for " + Quote(name), .expected = "one"});
  }
  return files;
}

}  // namespace tint

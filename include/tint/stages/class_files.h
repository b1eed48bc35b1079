// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tint/data/task.h"

namespace tint {

// Class -> file from "NAME=FILE,NAME=FILE" of the option `field`. Error(kBadConfiguration) for anything else, for a
// name that is no class of the task and for a class with two files.
std::map<int64_t, std::string> FilesOfClasses(const Task& task, const std::string& pairs, const std::string& field);

}  // namespace tint

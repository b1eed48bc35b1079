#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tint/stages/stage.h"

namespace tint {

// Class -> file from "NAME=FILE,NAME=FILE" of the option `field`. Error(kBadConfiguration) for anything else, for a
// name that is no class of the task and for a class with two files.
std::map<int64_t, std::string> FilesOfClasses(const StageContext& context, const std::string& pairs,
                                              const std::string& field);

}  // namespace tint

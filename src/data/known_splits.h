// The published splits that a data set's classes are held against.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tint::internal {

// The split that class `name` belongs to ("train", "val", "test"), or "" if it is no class of the data set.
// miniImageNet: Ravi & Larochelle's 64/16/20 synsets. CIFAR-FS: Bertinetto's 64/16/20 of CIFAR-100's fine classes.
std::string SplitOfMiniClass(const std::string& name);
std::string SplitOfCifarClass(const std::string& name);

}  // namespace tint::internal

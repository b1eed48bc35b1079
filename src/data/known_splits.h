// The published splits that a data set's classes are held against.
#pragma once

#include <string>
#include <vector>

#include "tint/data/dataset_check.h"

namespace tint::internal {

// The split that class `name` belongs to ("train", "val", "test"), or "" if it is no class of the data set.
// miniImageNet: Ravi & Larochelle's 64/16/20 synsets. CIFAR-FS: Bertinetto's 64/16/20 of CIFAR-100's fine classes.
std::string SplitOfMiniClass(const std::string& name);
std::string SplitOfCifarClass(const std::string& name);

// In which sentences the counts and classes of a report differ from what is published of its data set; empty for data
// sets of which nothing is known. `listed`: CUB's splits come from lists of the user's, not from the rule.
std::vector<std::string> PublishedDeviations(const DatasetReport& report, bool listed);

}  // namespace tint::internal

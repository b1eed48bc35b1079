// SPDX-License-Identifier: Apache-2.0
// The published splits of data sets.
#pragma once

#include <string>
#include <vector>

#include "tint/data/dataset_check.h"

namespace tint::internal {

// The split that class `name` belongs to ("train", "val", "test"), or "" if it is not a class of the data set.
// miniImageNet: Ravi & Larochelle's 64/16/20 synsets. CIFAR-FS: Bertinetto's 64/16/20 of CIFAR-100's fine classes.
std::string SplitOfMiniClass(const std::string& name);
std::string SplitOfCifarClass(const std::string& name);

// Sentences on how the counts and classes of a report differ from the published data set; empty for data sets without
// a published split. `listed`: the splits of CUB come from the user's lists, not from the rule.
std::vector<std::string> PublishedDeviations(const DatasetReport& report, bool listed);

}  // namespace tint::internal

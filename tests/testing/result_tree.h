// SPDX-License-Identifier: Apache-2.0
// What two runs that did the same must have in common.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

namespace tint::testing {

// Path -> bytes of all files below `folder`, folders with "/" and no bytes. From completion records what may differ
// between equal runs is taken out: the cost, and the hash over the whole record, which covers it.
std::map<std::string, std::string> ResultTree(const std::filesystem::path& folder);

// Names what is absent, too many or of other bytes; trees printed whole are megabytes.
::testing::AssertionResult SameTree(const std::map<std::string, std::string>& found,
                                    const std::map<std::string, std::string>& expected);

}  // namespace tint::testing

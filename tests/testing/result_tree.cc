// SPDX-License-Identifier: Apache-2.0
#include "result_tree.h"

#include <algorithm>

#include "files.h"
#include "tint/base/json.h"

namespace tint::testing {

namespace fs = std::filesystem;

std::map<std::string, std::string> ResultTree(const fs::path& folder) {
  std::map<std::string, std::string> tree;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = fs::relative(entry.path(), folder);
    if (entry.is_directory()) {
      tree[name + "/"];
      continue;
    }
    std::string bytes = ReadAll(entry.path());
    if (entry.path().filename() == "done.json") {
      Json record = Json::parse(bytes);
      record.erase("cost");
      record.erase("self_sha256");
      bytes = record.dump();
    }
    tree[name] = bytes;
  }
  return tree;
}

::testing::AssertionResult SameTree(const std::map<std::string, std::string>& found,
                                    const std::map<std::string, std::string>& expected) {
  std::string told;
  for (const auto& [name, bytes] : expected) {
    const auto other = found.find(name);
    if (other == found.end()) {
      told += "\n  " + name + " is absent";
    } else if (other->second != bytes) {
      const size_t at = static_cast<size_t>(
          std::mismatch(bytes.begin(), bytes.end(), other->second.begin(), other->second.end()).first - bytes.begin());
      told += "\n  " + name + " differs from byte " + std::to_string(at) + " on, of " + std::to_string(bytes.size()) +
              "; found there: " + ::testing::PrintToString(other->second.substr(at, 80)) +
              ", expected: " + ::testing::PrintToString(bytes.substr(at, 80));
    }
  }
  for (const auto& [name, bytes] : found) {
    if (expected.count(name) == 0) told += "\n  " + name + " is one too many";
  }
  if (told.empty()) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "trees differ:" << told;
}

}  // namespace tint::testing

#include "result_tree.h"

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

}  // namespace tint::testing

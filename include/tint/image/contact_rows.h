// A contact sheet taken apart again, for pages that put rows of several sheets side by side and write the captions
// themselves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

struct ContactStrip {
  std::string png;  // the row's images without its caption
  int64_t width = 0, height = 0;
};

// The rows of what MakeContactSheet gave, from the top, without the empty cells at their ends. `file` is for messages.
// An image of other measures: Error(kCorrupt).
std::vector<ContactStrip> RowsOfContactSheet(const std::string& png, const std::string& file, int64_t cell = 96);

}  // namespace tint

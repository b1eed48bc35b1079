// SPDX-License-Identifier: Apache-2.0
// Cuts a contact sheet into its rows, for pages that show rows of several sheets side by side with their own captions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

struct ContactStrip {
  std::string png;  // the row's images without its caption
  int64_t width = 0, height = 0;
};

// The rows of a sheet made by MakeContactSheet, from the top, without the empty cells at their ends. `file` is for
// messages. An image whose size does not fit: Error(kCorrupt).
std::vector<ContactStrip> CutContactSheet(const std::string& png, const std::string& file, int64_t cell = 96);

}  // namespace tint

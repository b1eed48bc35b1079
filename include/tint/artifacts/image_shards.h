// SPDX-License-Identifier: Apache-2.0
// Zip archives of images: how generated images are stored (generated_images.h), and archives of other programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

inline constexpr int64_t kImagesPerShard = 1000;

struct ShardEntry {
  std::string name;  // "00017.png"
  std::string bytes;
};
// A stored (uncompressed) zip of 1 to kImagesPerShard entries with fixed timestamps: equal entries give equal bytes.
std::string WriteShard(const std::vector<ShardEntry>& entries);
// Strict: stored entries only, plain names, no duplicates, CRCs right, 1 to kImagesPerShard, sizes bounded: else
// Error(kCorrupt). `foreign_limit` > 0: of a zip that another program may have written: deflated entries too, together
// at most so many bytes: else Error(kBadInput).
std::vector<ShardEntry> ReadShard(const std::string& bytes, const std::string& file, uint64_t foreign_limit = 0);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Images that show the same: the same pixels, or nearly so.
//
// A near-duplicate has a 64-bit difference hash of its luma at most a few bits away (DifferenceHash and PixelSha256 of
// tint/image/pixels.h). Images of one colour all have the same hash.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "tint/image/pixels.h"

namespace tint {

inline constexpr int kNearBits = 4;  // the bar of the leakage checks

struct NearDuplicate {
  int64_t a, b;  // rows of the two lists
  int distance;  // bits in which the two hashes differ
};

// DifferenceHash of each image of uint8 [M, 3, S, S], with all cores.
std::vector<uint64_t> DifferenceHashes(const at::Tensor& images);

// Calls `visit` for each pair of hashes at most `bits` (0...15) apart, by rising a, then b. With one list given twice
// (the same object), each of its pairs once, a < b. Time grows with the lists' length and the pairs found, not with the
// square.
void VisitNearHashes(const std::vector<uint64_t>& hashes_a, const std::vector<uint64_t>& hashes_b, int bits,
                     const std::function<void(const NearDuplicate&)>& visit);

// The pairs of images, uint8 [M, 3, S, S] and [N, 3, T, T], whose hashes are at most `bits` apart, equal images
// among them, by rising a, then b. A tensor compared with itself (images_a.is_same(images_b)): a < b.
std::vector<NearDuplicate> NearDuplicates(const at::Tensor& images_a, const at::Tensor& images_b, int bits = kNearBits);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/data/near_duplicates.h"

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "tint/base/error.h"
#include "tint/base/parallel.h"
#include "tint/base/stop.h"
#include "tint/image/pixels.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

// If hashes are divided into bits + 1 bands, two hashes at most `bits` apart are equal in at least one band: only
// hashes that share a band are compared.
class Bands {
 public:
  Bands(const std::vector<uint64_t>& hashes, int bits) : hashes_(hashes), count_(bits + 1), rows_(bits + 1) {
    for (size_t i = 0; i < hashes.size(); ++i) {
      for (int band = 0; band < count_; ++band) rows_[band][Band(hashes[i], band)].push_back(static_cast<int64_t>(i));
    }
  }

  // The pairs of element `a`, which has `hash`, by rising b, starting at b = `first`.
  std::vector<NearDuplicate> Near(int64_t a, uint64_t hash, int64_t first) const {
    std::vector<NearDuplicate> found;
    for (int band = 0; band < count_; ++band) {
      const auto shared = rows_[band].find(Band(hash, band));
      if (shared == rows_[band].end()) continue;
      const std::vector<int64_t>& rows = shared->second;
      for (auto row = std::lower_bound(rows.begin(), rows.end(), first); row != rows.end(); ++row) {
        const int distance = std::popcount(hash ^ hashes_[*row]);
        if (distance < count_ && FirstShared(hash, hashes_[*row]) == band) found.push_back({a, *row, distance});
      }
    }
    std::sort(found.begin(), found.end(), [](const NearDuplicate& x, const NearDuplicate& y) { return x.b < y.b; });
    return found;
  }

 private:
  uint64_t Band(uint64_t hash, int band) const {
    const int begin = 64 * band / count_, end = 64 * (band + 1) / count_;
    const uint64_t mask = end - begin == 64 ? ~uint64_t{0} : (uint64_t{1} << (end - begin)) - 1;
    return hash >> begin & mask;
  }
  int FirstShared(uint64_t x, uint64_t y) const {
    for (int band = 0; band < count_; ++band) {
      if (Band(x, band) == Band(y, band)) return band;
    }
    return count_;
  }

  const std::vector<uint64_t>& hashes_;
  int count_;
  std::vector<std::unordered_map<uint64_t, std::vector<int64_t>>> rows_;
};

}  // namespace

std::vector<uint64_t> DifferenceHashes(const at::Tensor& images) {
  CheckDtype(images, at::kByte, "images");
  CheckShape(images, {-1, 3, -1, -1}, "images");
  std::vector<uint64_t> hashes(static_cast<size_t>(images.size(0)));
  ParallelFor(images.size(0), 0, [&](int64_t i) {
    ThrowIfStopRequested();
    hashes[i] = DifferenceHash(images.select(0, i));
  });
  return hashes;
}

void VisitNearHashes(const std::vector<uint64_t>& hashes_a, const std::vector<uint64_t>& hashes_b, int bits,
                     const std::function<void(const NearDuplicate&)>& visit) {
  TINT_CHECK(bits >= 0 && bits <= 15) << bits;
  const bool same = &hashes_a == &hashes_b;
  const Bands bands(hashes_b, bits);
  for (size_t a = 0; a < hashes_a.size(); ++a) {
    const auto row = static_cast<int64_t>(a);
    for (const NearDuplicate& pair : bands.Near(row, hashes_a[a], same ? row + 1 : 0)) visit(pair);
  }
}

std::vector<NearDuplicate> NearDuplicates(const at::Tensor& images_a, const at::Tensor& images_b, int bits) {
  std::vector<NearDuplicate> pairs;
  const auto keep = [&](const NearDuplicate& pair) { pairs.push_back(pair); };
  const std::vector<uint64_t> hashes_a = DifferenceHashes(images_a);
  if (images_a.is_same(images_b)) {
    VisitNearHashes(hashes_a, hashes_a, bits, keep);
  } else {
    VisitNearHashes(hashes_a, DifferenceHashes(images_b), bits, keep);
  }
  return pairs;
}

}  // namespace tint

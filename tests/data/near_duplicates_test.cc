// SPDX-License-Identifier: Apache-2.0
#include "tint/data/near_duplicates.h"

#include <ATen/ATen.h>

#include <bit>
#include <random>

#include "prelude.h"
#include "small_data.h"
#include "tint/base/sha256.h"
#include "tint/image/pixels.h"

namespace tint {
namespace {

using testing::Pattern;

MATCHER_P3(IsPair, a, b, distance, "") { return arg.a == a && arg.b == b && arg.distance == distance; }

// `count` images of 8 blocks x 9 blocks of 4 pixels' noise.
at::Tensor Noise(int64_t count, uint64_t seed) {
  at::manual_seed(seed);
  return at::randint(0, 256, {count, 3, 9, 9}, at::kByte).repeat_interleave(4, 2).repeat_interleave(4, 3).contiguous();
}

TEST(NearDuplicates, FindsALighterCopyOnly) {
  const at::Tensor base = Noise(50, 1), novel = Noise(40, 2);
  novel[7].copy_(base[31]);
  novel[9].copy_((base[12].to(at::kFloat) * 0.9 + 20).to(at::kByte));
  const std::vector<NearDuplicate> found = NearDuplicates(base, novel);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].a, 12);
  EXPECT_EQ(found[0].b, 9);
  EXPECT_LE(found[0].distance, kNearBits);
  EXPECT_THAT(found[1], IsPair(31, 7, 0));
}

TEST(NearDuplicates, OfOneListAreEachPairOnce) {
  const at::Tensor images = Noise(6, 3);
  images[4].copy_(images[1]);
  images[5].copy_(images[1]);
  EXPECT_THAT(NearDuplicates(images, images), ElementsAre(IsPair(1, 4, 0), IsPair(1, 5, 0), IsPair(4, 5, 0)));
  EXPECT_THAT(NearDuplicates(images.slice(0, 0, 1), images.slice(0, 1, 4)), IsEmpty());
  EXPECT_THAT(NearDuplicates(images.slice(0, 0, 0), images), IsEmpty());
}

// Against every pair looked at, for bars at both ends and hashes constructed to be close.
TEST(VisitNearHashes, FindsWhatComparingAllPairsFinds) {
  std::mt19937_64 random(4);
  std::vector<uint64_t> a(300), b(200);
  for (uint64_t& hash : a) hash = random();
  for (uint64_t& hash : b) {
    hash = a[random() % a.size()];
    for (uint64_t flips = random() % 18; flips > 0; --flips) hash ^= uint64_t{1} << random() % 64;
  }
  for (const int bits : {0, 1, 4, 15}) {
    std::vector<std::array<int64_t, 3>> expected, found;
    for (size_t i = 0; i < a.size(); ++i) {
      for (size_t j = 0; j < b.size(); ++j) {
        const int distance = std::popcount(a[i] ^ b[j]);
        if (distance <= bits) expected.push_back({static_cast<int64_t>(i), static_cast<int64_t>(j), distance});
      }
    }
    VisitNearHashes(a, b, bits, [&](const NearDuplicate& pair) { found.push_back({pair.a, pair.b, pair.distance}); });
    EXPECT_GT(expected.size(), 5u) << bits;
    EXPECT_EQ(found, expected) << bits;
  }
}

TEST(PixelSha256, IsOfShapeAndBytesInRowOrder) {
  const at::Tensor image = Pattern(20, 30, 1);
  const at::Tensor rows = image.permute({1, 2, 0}).contiguous();
  const std::string bytes(reinterpret_cast<const char*>(rows.data_ptr<uint8_t>()), 1800);
  EXPECT_EQ(PixelSha256(image), Sha256Hex("20 30\n" + bytes));
  EXPECT_EQ(PixelSha256(rows.permute({2, 0, 1})), PixelSha256(image));
  EXPECT_NE(PixelSha256(image), PixelSha256(image.view({3, 30, 20})));
}

}  // namespace
}  // namespace tint

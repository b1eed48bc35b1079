// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/leakage.h"

#include <ATen/ATen.h>

#include "memory_source.h"
#include "prelude.h"
#include "tensor_matchers.h"

namespace tint::testing {
namespace {

// A slope from left to right, with a dark column: another difference hash for each.
at::Tensor Ramp(int64_t dark_column) {
  at::Tensor image = (at::arange(32) * 7).to(at::kByte).expand({3, 32, 32}).clone();
  image.select(2, dark_column).zero_();
  return image;
}

// A predictor like a student's: rows alone; or each row with the mean of its batch, as batch statistics would do.
at::Tensor Alone(const at::Tensor& images) { return images.to(at::kFloat).mean({2, 3}); }
at::Tensor Together(const at::Tensor& images) { return Alone(images) - Alone(images).mean(0, true) * 1e-3; }

TEST(BatchIndependence, ATransductiveClassifierHasNone) {
  for (const int64_t count : {1, 5, 64, 150}) {
    const at::Tensor images = (at::arange(count * 3 * 16).reshape({count, 3, 4, 4}) * 7 % 251).to(at::kByte);
    std::vector<NamedFile> files;
    for (int64_t i = 0; i < count; ++i) files.push_back({"class", std::to_string(i) + ".png"});
    CheckBatchIndependence(images, Alone(images), files, Alone);
    const Error error = CatchError([&] { CheckBatchIndependence(images, Together(images), files, Together); });
    EXPECT_THAT(error, FailsWith(ExitCode::kInternal, AllOf(HasSubstr("class/0.png"), HasSubstr("batch"))));
  }
}

class Hashes : public ::testing::Test {
 protected:
  const MemorySource source_{{{"cat", {{"a", Ramp(3)}, {"b", Ramp(20)}}}, {"dog", {{"c", Ramp(3)}, {"d", Ramp(11)}}}}};
};

TEST_F(Hashes, AreOfThePixelsInTheOrderOfTheFiles) {
  const ImageHashes hashes = HashImages(source_, {{"dog", "d"}, {"cat", "a"}});
  EXPECT_THAT(hashes.pixels, ElementsAre(PixelSha256(Ramp(11)), PixelSha256(Ramp(3))));
  EXPECT_THAT(hashes.difference, ElementsAre(DifferenceHash(Ramp(11)), DifferenceHash(Ramp(3))));
  const ImageHashes all = HashPixels(source_, "images");
  ASSERT_EQ(all.files.size(), 4u);
  EXPECT_EQ(all.pixels[0], all.pixels[2]);
  EXPECT_TRUE(all.difference.empty());
}

TEST_F(Hashes, EqualPixelsAreRefusedWithBothNames) {
  const ImageHashes learned = HashImages(source_, {{"cat", "b"}, {"cat", "a"}});
  CheckNoEqualPixels(learned, "support", HashImages(source_, {{"dog", "d"}}));
  EXPECT_THAT(CatchError([&] {
                CheckNoEqualPixels(learned, "support", HashImages(source_, {{"dog", "d"}, {"dog", "c"}}));
              }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("memory/cat/a"), HasSubstr("memory/dog/c"),
                                                   HasSubstr("this support"), HasSubstr("pixel for pixel"))));
}

// Hashes by hand: 0 bits apart, 4 apart, 5 apart.
TEST(NearQueries, AreThoseOfNearHashesOrOfALargeCosine) {
  ImageHashes support, queries;
  support.files = {{"cat", "a"}, {"cat", "b"}};
  support.difference = {0b0, 0b1111'1111};
  queries.files = {{"cat", "x"}, {"cat", "y"}, {"cat", "z"}};
  queries.difference = {0b1111, 0b1'1111'0000'0000'0000, 0b1111'1111};
  const NearQueries by_hash = FindNearQueries(support, queries, at::Tensor(), 0.97);
  EXPECT_EQ(by_hash.pair_count, 3);
  EXPECT_THAT(by_hash.near, ElementsAre(true, false, true));
  ASSERT_EQ(by_hash.pairs.size(), 3u);
  EXPECT_EQ(by_hash.pairs[0].distance, 4);
  EXPECT_EQ(by_hash.pairs[1].support, 1);
  EXPECT_EQ(by_hash.pairs[2].distance, 0);
  const at::Tensor cosines = at::tensor({0.1, 0.98, 0.97, 0.2, 0.3, 0.4}, at::kFloat).reshape({2, 3});
  const NearQueries by_both = FindNearQueries(support, queries, cosines, 0.975);
  EXPECT_EQ(by_both.pair_count, 4);
  EXPECT_THAT(by_both.near, ElementsAre(true, true, true));
  EXPECT_EQ(by_both.pairs[1].query, 1);
  EXPECT_FLOAT_EQ(static_cast<float>(by_both.pairs[1].cosine), 0.98F);
}

TEST(NearQueries, ListsNoMoreThanItsMaximum) {
  ImageHashes support, queries;
  support.files.assign(40, {"cat", "a"});
  support.difference.assign(40, 0);
  queries.files.assign(30, {"cat", "x"});
  queries.difference.assign(30, 1);
  const NearQueries found = FindNearQueries(support, queries, at::Tensor(), 1);
  EXPECT_EQ(found.pair_count, 1200);
  EXPECT_EQ(found.pairs.size(), kMaxNearPairs);
}

TEST(SupportQueryCosines, AreOfEachSupportWithEachQuery) {
  const at::Tensor features = at::tensor({1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 1.0, 1.0, 0.0, 0.0}).reshape({5, 2});
  const double half = std::sqrt(0.5);
  EXPECT_THAT(SupportQueryCosines(features, 2),
              TensorNear(at::tensor({1.0, half, 0.0, 0.0, half, 0.0}).reshape({2, 3}), 1e-6));
}

}  // namespace
}  // namespace tint::testing

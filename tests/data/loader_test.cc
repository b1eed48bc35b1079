// SPDX-License-Identifier: Apache-2.0
#include "tint/data/loader.h"

#include <ATen/ATen.h>

#include <chrono>
#include <fstream>

#include "prelude.h"
#include "small_data.h"
#include "tensor_matchers.h"
#include "tint/base/json.h"
#include "tint/data/dataset_check.h"
#include "tint/image/encode.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"

namespace tint {
namespace {

using ::testing::Pair;
using testing::Pattern;
using testing::TensorEquals;

void WriteImage(const std::filesystem::path& path, const at::Tensor& pixels) { WriteAll(path, EncodePng(pixels)); }

at::Tensor MeanColour(const at::Tensor& squares) {
  const at::Tensor sums = squares.sum(c10::IntArrayRef({0, 2, 3}), false, at::kLong);
  return (sums.to(at::kDouble) / (squares.numel() / 3) / 255).to(at::kFloat);
}

TEST(LoadSquares, KeepsImagesOfTheRightSizeBitForBit) {
  TestFolder folder;
  for (int i = 0; i < 6; ++i) WriteImage(folder / ("x/c/" + std::to_string(i) + ".png"), Pattern(32, 32, i));
  const auto source = OpenClassFolders(folder / "x");
  const at::Tensor squares = LoadSquares(*source, {{"c", "4.png"}, {"c", "0.png"}, {"c", "4.png"}}, 32);
  EXPECT_THAT(squares, TensorEquals(at::stack({Pattern(32, 32, 4), Pattern(32, 32, 0), Pattern(32, 32, 4)})));
  EXPECT_THAT(LoadSquares(*source, {}, 32).sizes().vec(), ElementsAre(0, 3, 32, 32));
}

TEST(LoadSquares, CropsTheCentreThenResizes) {
  TestFolder folder;
  WriteImage(folder / "x/c/wide.png", Pattern(40, 60, 1));
  WriteImage(folder / "x/c/high.png", Pattern(50, 30, 2));
  const auto source = OpenClassFolders(folder / "x");
  const at::Tensor squares = LoadSquares(*source, {{"c", "wide.png"}, {"c", "high.png"}}, 20);
  const at::Tensor wide = Pattern(40, 60, 1).slice(2, 10, 50), high = Pattern(50, 30, 2).slice(1, 10, 40);
  int64_t i = 0;
  for (const at::Tensor& square : {wide, high}) {
    const at::Tensor resized = ResizeBilinearAntialias(square.unsqueeze(0).to(at::kFloat) / 255, 20, 20);
    EXPECT_THAT(squares[i++], TensorEquals(at::floor(resized * 255 + 0.5).clamp(0, 255).to(at::kByte)[0]));
  }
}

TEST(LoadSquares, DoesNotDependOnTheNumberOfWorkers) {
  TestFolder folder;
  for (int i = 0; i < 30; ++i) WriteImage(folder / ("x/c/" + std::to_string(i) + ".png"), Pattern(24 + i, 40, i));
  const auto source = OpenClassFolders(folder / "x");
  const at::Tensor alone = LoadSquares(*source, AllFiles(*source), 28, 1);
  for (const int workers : {0, 2, 3, 7, 64}) {
    EXPECT_THAT(LoadSquares(*source, AllFiles(*source), 28, workers), TensorEquals(alone)) << workers;
  }
}

TEST(LoadSquares, NamesTheFirstBadImageWithAnyNumberOfWorkers) {
  TestFolder folder;
  for (int i = 10; i < 40; ++i) WriteImage(folder / ("x/c/" + std::to_string(i) + ".png"), Pattern(24, 24, i));
  for (const char* bad : {"x/c/17.png", "x/c/18.png", "x/c/39.png"}) WriteAll(folder / bad, "no image");
  const auto source = OpenClassFolders(folder / "x");
  for (const int workers : {1, 2, 5}) {
    EXPECT_THAT(CatchError([&] { LoadSquares(*source, AllFiles(*source), 24, workers); }),
                FailsWith(ExitCode::kBadInput, HasSubstr("x/c/17.png")));
  }
}

TEST(LoadImages, KeepsTheirOwnSizes) {
  TestFolder folder;
  WriteImage(folder / "x/c/1.png", Pattern(20, 30, 1));
  WriteImage(folder / "x/c/2.png", Pattern(31, 17, 2));
  const auto source = OpenClassFolders(folder / "x");
  const std::vector<DecodedImage> images = LoadImages(*source, AllFiles(*source));
  ASSERT_THAT(images, SizeIs(2));
  EXPECT_THAT(images[0].pixels, TensorEquals(Pattern(20, 30, 1)));
  EXPECT_THAT(images[1].pixels, TensorEquals(Pattern(31, 17, 2)));
  EXPECT_EQ(images[0].format, "png");
}

TEST(CheckDataset, ReportsTheContentsOfADataSet) {
  TestFolder folder;
  for (int i = 0; i < 3; ++i) WriteImage(folder / ("d/train/a/" + std::to_string(i) + ".png"), Pattern(20, 24, i * 40));
  WriteImage(folder / "d/train/b/copy.png", Pattern(20, 24, 40));
  at::Tensor near = Pattern(20, 24, 0);
  near[0][3][3] += 1;
  WriteImage(folder / "d/train/b/near.png", near);
  WriteAll(folder / "d/train/b/broken.png", "not an image at all");
  WriteImage(folder / "d/test/a/leak.png", Pattern(20, 24, 80));
  const DatasetReport report = CheckDataset(folder.path(), "d");
  ASSERT_THAT(report.splits, SizeIs(2));
  const SplitReport& train = report.splits[0];
  EXPECT_EQ(train.split, "train");
  EXPECT_EQ(train.classes, 2);
  EXPECT_EQ(train.images, 6);
  EXPECT_EQ(train.fewest_in_class, 3);
  EXPECT_EQ(train.most_in_class, 3);
  EXPECT_THAT(train.formats, ElementsAre(Pair("png", 5)));
  EXPECT_THAT(train.sizes, ElementsAre(Pair("24x20", 5)));
  EXPECT_THAT(train.undecodable, ElementsAre(Pair("train/b/broken.png", HasSubstr("broken.png"))));
  EXPECT_THAT(train.duplicates, ElementsAre(Pair("train/a/1.png", "train/b/copy.png")));
  EXPECT_THAT(train.class_counts, ElementsAre(Pair("a", 3), Pair("b", 3)));
  EXPECT_EQ(train.near_duplicates, 1);
  ASSERT_THAT(train.near_pairs, SizeIs(1));
  EXPECT_EQ(train.near_pairs[0].first, "train/a/0.png");
  EXPECT_EQ(train.near_pairs[0].second, "train/b/near.png");
  EXPECT_EQ(train.content_sha256, OpenSplit(folder.path(), "d", "train")->ContentSha256());
  EXPECT_THAT(report.across_splits, ElementsAre(Pair("train/a/2.png", "test/a/leak.png")));
  EXPECT_THAT(report.shared_classes, ElementsAre("a"));
  EXPECT_THAT(report.deviations, SizeIs(4));
  const Json json = ToJson(report);
  EXPECT_EQ(json["splits"][0]["sizes"]["24x20"], 5);
  EXPECT_EQ(json["splits"][0]["duplicates"][0][1], "train/b/copy.png");
}

TEST(CheckDataset, FindsNearDuplicatesAcrossSplits) {
  TestFolder folder;
  at::Tensor light = Pattern(84, 84, 7);
  WriteImage(folder / "d/train/a/1.png", light);
  WriteImage(folder / "d/train/a/2.png", Pattern(84, 84, 50));
  light = ToBytes(ToUnitFloat(light) * 0.9 + 0.05);
  WriteImage(folder / "d/val/b/3.png", Pattern(84, 84, 90));
  WriteImage(folder / "d/test/c/4.png", light);
  const DatasetReport report = CheckDataset(folder.path(), "d");
  ASSERT_THAT(report.near_splits, SizeIs(3));
  EXPECT_EQ(report.near_splits[0].near_duplicates, 0);  // train and val
  EXPECT_EQ(report.near_splits[2].near_duplicates, 0);  // val and test
  const NearSplits& near = report.near_splits[1];
  EXPECT_EQ(near.first + " " + near.second, "train test");
  ASSERT_EQ(near.near_duplicates, 1);
  EXPECT_EQ(near.near_pairs[0].first, "train/a/1.png");
  EXPECT_EQ(near.near_pairs[0].second, "test/c/4.png");
  EXPECT_THAT(report.deviations, IsEmpty());
  const Json json = ToJson(report)["near_splits"][1];
  EXPECT_EQ(json["splits"], Json({"train", "test"}));
  EXPECT_EQ(json["near_pairs"][0]["distance"], near.near_pairs[0].distance);
}

TEST(CheckDataset, ListsTheNearestPairsUpToABound) {
  TestFolder folder;
  const int count = 22;  // 231 pairs
  for (int i = 0; i < count; ++i) {
    at::Tensor flat = Pattern(84, 84, 7);
    flat[0][0][0] = i;
    WriteImage(folder / ("d/train/a/" + std::to_string(i) + ".png"), flat);
  }
  const DatasetReport report = CheckDataset(folder.path(), "d");
  EXPECT_EQ(report.splits[0].near_duplicates, count * (count - 1) / 2);
  EXPECT_EQ(report.splits[0].near_pairs.size(), kMaxNearPairs);
}

TEST(CheckDataset, ComparesMiniImageNetWithItsSplit) {
  TestFolder folder;
  WriteImage(folder / "miniimagenet/test/n1/0.png", Pattern(84, 84, 0));
  const DatasetReport report = CheckDataset(folder.path(), "miniimagenet");
  EXPECT_THAT(report.deviations,
              ElementsAre(HasSubstr("test has 1 classes, not 20"), HasSubstr("test/n1 is not a class"),
                          HasSubstr("test/n1 has 1 images"), HasSubstr("only 1 of train")));
  EXPECT_THAT(CatchError([&] { CheckDataset(folder.path(), "none"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("none")));
}

// A line of /proc/self/status in kB.
int64_t ResidentKiB(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t value = 0;
    if (word == name && status >> value) return value;
  }
  ADD_FAILURE() << name;
  return 0;
}

TEST(MiniImageNet, DecodesInSeconds) {
  const std::string root = testing::DataRoot();
  if (root.empty()) GTEST_SKIP() << "TINT_DATA is not set: the real miniImageNet is not looked at";
  const auto source = OpenSplit(root, "miniimagenet", "test");
  const auto begin = std::chrono::steady_clock::now();
  const at::Tensor squares = LoadSquares(*source, AllFiles(*source), 84);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::cout << "12,000 images in " << took.count() << " s\n";
  EXPECT_THAT(squares.sizes().vec(), ElementsAre(12000, 3, 84, 84));
  // The mean over the split as OpenCV 4.6's own reader (cv::imread) gives it.
  EXPECT_THAT(MeanColour(squares), testing::TensorNear(at::tensor({0.47410f, 0.42714f, 0.37362f}), 2e-5));
}

// The base images stay in memory while a student learns from them. Told with the time by
//   TINT_DATA=... tint_data_test --gtest_filter=MiniImageNet.BaseImagesFitInAGigabyte
TEST(MiniImageNet, BaseImagesFitInAGigabyte) {
  const std::string root = testing::DataRoot();
  if (root.empty()) GTEST_SKIP() << "TINT_DATA is not set: the real miniImageNet is not looked at";
  const auto source = OpenSplit(root, "miniimagenet", "train");
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
  const int64_t before = ResidentKiB("VmRSS:");
  const auto begin = std::chrono::steady_clock::now();
  const at::Tensor squares = LoadSquares(*source, AllFiles(*source), 84);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const int64_t grown = ResidentKiB("VmHWM:") - before;
  std::cout << squares.size(0) << " images in " << took.count() << " s, " << grown / 1024 << " MiB at the peak\n";
  EXPECT_EQ(squares.numel(), 812'851'200);  // 38,400 x 3 x 84 x 84
  EXPECT_LT(grown, 1'000'000'000 / 1024);
}

// The normalisation that everyone uses was measured on the train split, from larger originals.
TEST(MiniImageNet, HasThePublishedMean) {
  const std::string root = testing::DataRoot();
  if (root.empty()) GTEST_SKIP() << "TINT_DATA is not set: the real miniImageNet is not looked at";
  const auto source = OpenSplit(root, "miniimagenet", "train");
  std::vector<NamedFile> some;
  for (const std::string& name : source->Classes()) {
    for (size_t i = 0; i < 60; ++i) some.push_back({name, source->Files(name)[10 * i]});
  }
  const std::vector<double> published = InfoOfDataset("miniimagenet").mean;
  const at::Tensor expected = at::tensor(published).to(at::kFloat);
  EXPECT_THAT(MeanColour(LoadSquares(*source, some, 84)), testing::TensorNear(expected, 0.01));
}

}  // namespace
}  // namespace tint

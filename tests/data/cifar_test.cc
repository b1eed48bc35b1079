// SPDX-License-Identifier: Apache-2.0
// CIFAR-FS from CIFAR-100's official binary files.
#include <ATen/ATen.h>

#include "official_datasets.h"
#include "prelude.h"
#include "tensor_matchers.h"
#include "tint/base/sha256.h"
#include "tint/data/dataset_check.h"
#include "tint/data/episode_file.h"
#include "tint/data/loader.h"
#include "tint/data/task.h"
#include "tint/image/pixels.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::EditText;
using testing::TensorEquals;

class Cifar : public testing::FolderTest {
 protected:
  void SetUp() override { testing::WriteCifar(home_, 2, 1); }
  std::unique_ptr<ImageSource> Open(const std::string& split = "test") const {
    return OpenSplit(folder_.path(), "cifar-fs", split);
  }
  void ExpectFailure(const ::testing::Matcher<std::string>& message, ExitCode code = ExitCode::kBadInput) const {
    EXPECT_THAT(CatchError([&] { Open(); }), FailsWith(code, message));
  }

  const fs::path home_ = folder_ / "cifar-fs/cifar-100-binary";
};

TEST_F(Cifar, IsMergedAndSplitByClass) {
  EXPECT_EQ(Open("train")->Classes().size(), 64u);
  EXPECT_THAT(Open("val")->Classes(),
              ElementsAre("beaver", "beetle", "butterfly", "camel", "cattle", "crab", "crocodile", "flatfish", "lamp",
                          "maple_tree", "motorcycle", "otter", "sea", "shark", "television", "tractor"));
  const auto source = Open("test");
  EXPECT_THAT(source->Classes(),
              ElementsAre("baby", "bed", "bicycle", "chimpanzee", "fox", "leopard", "man", "pickup_truck", "plain",
                          "poppy", "rocket", "rose", "snail", "sweet_pepper", "table", "telephone", "wardrobe", "whale",
                          "woman", "worm"));
  EXPECT_THAT(source->Files("bed"), ElementsAre("test-00005", "train-00005", "train-00105"));
  EXPECT_FALSE(source->is_folder());
}

TEST_F(Cifar, RecordsAreRedGreenBluePlanes) {
  const auto source = Open();
  const std::string row = testing::ReadAll(home_ / "train.bin").substr(105 * 3074 + 2, 3072);
  EXPECT_EQ(source->ReadBytes("bed", "train-00105"), row);
  const DecodedImage image = source->Decode("bed", "train-00105");
  ASSERT_THAT(image.pixels.sizes().vec(), ElementsAre(3, 32, 32));
  for (const auto& [plane, y, x] : std::vector<std::array<int64_t, 3>>{{0, 0, 0}, {0, 0, 2}, {1, 5, 7}, {2, 31, 31}}) {
    EXPECT_EQ(image.pixels[plane][y][x].item<uint8_t>(), static_cast<uint8_t>(row[plane * 1024 + y * 32 + x]));
  }
  EXPECT_EQ(image.format, "raw");
  EXPECT_EQ(image.file_sha256, Sha256Hex(row));
  EXPECT_EQ(image.pixel_sha256, PixelSha256(image.pixels));
  EXPECT_EQ(source->Describe("bed", "train-00105"), (home_ / "train.bin/train-00105").native());
  EXPECT_THAT(LoadSquares(*source, {{"bed", "train-00105"}}, 32)[0], TensorEquals(image.pixels));
}

TEST_F(Cifar, MayBeInTheFolderOfTheDataSet) {
  const std::string content = Open()->ContentSha256();
  fs::rename(home_, folder_ / "moved");
  fs::remove_all(folder_ / "cifar-fs");
  fs::rename(folder_ / "moved", folder_ / "cifar-fs");
  EXPECT_EQ(Open()->ContentSha256(), content);
}

TEST_F(Cifar, EpisodesCanBeDrawn) {
  const std::shared_ptr<ImageSource> source = Open();
  WriteAll(folder_ / "e.json", DrawEpisodes(*source, {.dataset = "cifar-fs", .split = "test", .shots = 1, .count = 3}));
  const EpisodeFile file = ReadEpisodeFile(folder_ / "e.json");
  EXPECT_THAT(CheckEpisodes(file, *source), ElementsAre());
  EXPECT_EQ(ResolveEpisode(file, 2, source, 0).dataset_info.image_size, 32);
}

TEST_F(Cifar, RefusesTruncatedFiles) {
  const std::string train = testing::ReadAll(home_ / "train.bin");
  WriteAll(home_ / "train.bin", train.substr(0, train.size() - 1));
  ExpectFailure(AllOf(HasSubstr("train.bin: has 614799 bytes"), HasSubstr("199 complete records"), HasSubstr("again")));
  WriteAll(home_ / "train.bin", "");
  ExpectFailure(HasSubstr("train.bin: has 0 bytes"));
  fs::remove(home_ / "train.bin");
  ExpectFailure(HasSubstr("train.bin"), ExitCode::kMissingInput);
}

TEST_F(Cifar, RefusesLabelsOutOfRange) {
  std::string train = testing::ReadAll(home_ / "train.bin");
  train[3074 * 7 + 1] = static_cast<char>(200);
  WriteAll(home_ / "train.bin", train);
  ExpectFailure(AllOf(HasSubstr("train.bin: record 7 (byte 21518): "), HasSubstr("200"), HasSubstr("0 to 99")));
}

TEST_F(Cifar, RefusesOtherClassLists) {
  EditText(home_ / "fine_label_names.txt", "baby", "infant");
  ExpectFailure(AllOf(HasSubstr("fine_label_names.txt:3: infant is not a fine class")));
  EditText(home_ / "fine_label_names.txt", "infant", "apple");
  ExpectFailure(HasSubstr("fine_label_names.txt:3: apple is already in line 1"));
  EditText(home_ / "fine_label_names.txt", "apple\naquarium_fish\napple", "apple\naquarium_fish");
  ExpectFailure(HasSubstr("fine_label_names.txt: has 99 names"));
}

TEST_F(Cifar, RefusesClassesWithoutImages) {
  const std::string train = testing::ReadAll(home_ / "train.bin");
  WriteAll(home_ / "train.bin", train.substr(0, 3074 * 5));
  WriteAll(home_ / "test.bin", train.substr(0, 3074 * 99));
  ExpectFailure(HasSubstr("class worm has no image"));
}

TEST_F(Cifar, IsChecked) {
  const DatasetReport report = CheckDataset(folder_.path(), "cifar-fs");
  ASSERT_EQ(report.splits.size(), 3u);
  EXPECT_EQ(report.splits[0].formats.at("raw"), 64 * 3);
  EXPECT_EQ(report.splits[0].sizes.at("32x32"), 64 * 3);
  EXPECT_EQ(report.splits[2].class_counts.at("worm"), 3);
  // Too few images, and nothing else.
  EXPECT_EQ(report.deviations.size(), 101u);
  EXPECT_THAT(report.deviations, Contains("test/worm has 3 images, not 600"));
  EXPECT_EQ(report.deviations.back(), "has 300 images, not 60000");
}

TEST_F(Cifar, IsAlsoReadFromClassFolders) {
  WriteAll(folder_ / "cifar-fs/test/bed/1.png", "one");
  EXPECT_THAT(Open()->Classes(), ElementsAre("bed"));
}

}  // namespace
}  // namespace tint

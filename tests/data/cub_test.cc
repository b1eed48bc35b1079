// SPDX-License-Identifier: Apache-2.0
// CUB-200-2011 in its official format.
#include <ATen/ATen.h>

#include <set>

#include "official_datasets.h"
#include "prelude.h"
#include "small_data.h"
#include "tensor_matchers.h"
#include "tint/base/sha256.h"
#include "tint/data/dataset_check.h"
#include "tint/data/loader.h"
#include "tint/image/encode.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::CubClass;
using testing::CubFile;
using testing::EditText;
using ::testing::Pair;
using testing::Pattern;
using testing::TensorEquals;

class Cub : public testing::FolderTest {
 protected:
  void SetUp() override { testing::WriteCub(home_, 8, 3); }
  std::unique_ptr<ImageSource> Open(const std::string& dataset = "cub", const std::string& split = "val") const {
    return OpenSplit(folder_.path(), dataset, split);
  }
  // With one change to a list; the list is restored.
  void ExpectFailure(const std::string& list, const std::string& from, const std::string& to,
                     const ::testing::Matcher<std::string>& message) const {
    const std::string good = testing::ReadAll(home_ / list);
    EditText(home_ / list, from, to);
    EXPECT_THAT(CatchError([&] { Open(); }), FailsWith(ExitCode::kBadInput, message)) << list << " " << to;
    WriteAll(home_ / list, good);
  }

  const fs::path home_ = folder_ / "cub";
};

TEST_F(Cub, IsSplitByTheRuleOfClasses) {
  EXPECT_THAT(Open("cub", "train")->Classes(), ElementsAre(CubClass(0), CubClass(2), CubClass(4), CubClass(6)));
  EXPECT_THAT(Open("cub", "val")->Classes(), ElementsAre(CubClass(1), CubClass(5)));
  EXPECT_THAT(Open("cub", "test")->Classes(), ElementsAre(CubClass(3), CubClass(7)));
  const auto source = Open();
  EXPECT_THAT(source->Files(CubClass(5)), ElementsAre(CubFile(5, 0), CubFile(5, 1), CubFile(5, 2)));
  EXPECT_EQ(source->ReadBytes(CubClass(5), CubFile(5, 1)), EncodePng(Pattern(30, 40, 51)));
  EXPECT_TRUE(source->is_folder());
}

TEST_F(Cub, IsCroppedByItsName) {
  const at::Tensor whole = Pattern(30, 40, 11);
  const at::Tensor box = whole.slice(1, 4, 20).slice(2, 2, 22);
  const NamedFile one = {CubClass(1), CubFile(1, 1)};
  const auto decode = [&](const std::string& dataset) { return Open(dataset)->Decode(one.class_name, one.file); };
  EXPECT_THAT(decode("cub").pixels, TensorEquals(box));
  EXPECT_EQ(decode("cub").pixel_sha256, PixelSha256(box));
  EXPECT_EQ(decode("cub").file_sha256, Sha256Hex(EncodePng(whole)));
  EXPECT_THAT(decode("cub-center").pixels, TensorEquals(CentreSquare(whole)));
  EXPECT_THAT(decode("cub-none").pixels,
              TensorEquals(ToBytes(MakeSquare(ToUnitFloat(whole.unsqueeze(0)), SquareRule::kStretch))[0]));
  // Both ways of loading give what is cut.
  EXPECT_THAT(LoadImages(*Open(), {one})[0].pixels, TensorEquals(box));
  EXPECT_THAT(LoadSquares(*Open(), {one}, 16)[0], TensorEquals(CentreSquare(box)));
}

TEST_F(Cub, CropsHaveDifferentContentHashes) {
  std::set<std::string> contents;
  for (const std::string dataset : {"cub", "cub-center", "cub-none"}) contents.insert(Open(dataset)->ContentSha256());
  EditText(home_ / "bounding_boxes.txt", "\n4 2.0", "\n4 3.0");  // the first image of class 2
  contents.insert(Open()->ContentSha256());
  EXPECT_EQ(contents.size(), 4u);
}

TEST_F(Cub, MayBeWhereItsArchiveUnpacks) {
  const std::string content = Open()->ContentSha256();
  fs::rename(home_, folder_ / "CUB_200_2011");
  EXPECT_EQ(Open()->ContentSha256(), content);
  EXPECT_THAT(CatchError([&] { OpenSplit(folder_.path(), "cub", "novel"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("cub")));
  fs::create_directory(home_);
  fs::rename(folder_ / "CUB_200_2011", home_ / "CUB_200_2011");
  EXPECT_EQ(Open("cub-none")->Classes().size(), 2u);
  fs::remove_all(home_);
  EXPECT_THAT(CatchError([&] { Open(); }), FailsWith(ExitCode::kMissingInput, HasSubstr("Unpack CUB_200_2011.tgz")));
}

TEST_F(Cub, NeedsNoBoxesWithoutBoxCrops) {
  fs::remove(home_ / "bounding_boxes.txt");
  EXPECT_EQ(Open("cub-center")->Classes().size(), 2u);
  EXPECT_THAT(CatchError([&] { Open(); }), FailsWith(ExitCode::kMissingInput, HasSubstr("bounding_boxes.txt")));
}

TEST_F(Cub, IsSplitByLists) {
  WriteAll(home_ / "train.txt", CubClass(0) + "\nBird_B\n");
  WriteAll(home_ / "val.csv", "label\n" + CubClass(2) + "\n");
  WriteAll(home_ / "test.csv", "filename,label\n" + CubFile(4, 2) + ",0\n" + CubFile(3, 0) + ",1\n");
  EXPECT_THAT(Open("cub", "train")->Classes(), ElementsAre(CubClass(0), CubClass(1)));
  EXPECT_THAT(Open("cub", "val")->Classes(), ElementsAre(CubClass(2)));
  const auto test = Open("cub-center", "test");
  EXPECT_THAT(test->Classes(), ElementsAre(CubClass(3), CubClass(4)));
  EXPECT_THAT(test->Files(CubClass(4)), ElementsAre(CubFile(4, 2)));
  fs::remove(home_ / "val.csv");
  EXPECT_THAT(CatchError([&] { Open("cub", "val"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("the existing splits: train, test")));
}

TEST_F(Cub, ReadsListsStrictly) {
  const auto fails = [&](const std::string& text, const ::testing::Matcher<std::string>& message) {
    WriteAll(home_ / "val.txt", text);
    EXPECT_THAT(CatchError([&] { Open(); }), FailsWith(ExitCode::kBadInput, message));
  };
  fails(CubClass(0) + "\nBird_Z\n", AllOf(HasSubstr("val.txt:2: Bird_Z is not a class"), HasSubstr("classes.txt")));
  fails(CubClass(0) + "\nBird_A\n", HasSubstr("val.txt:2: Bird_A is already in line 1"));
  fails("filename,label\nBird_Z_0000.jpg,3\n", HasSubstr("val.txt:2: Bird_Z_0000.jpg is not in images.txt"));
  fails("class\n", HasSubstr("names no class"));
  WriteAll(home_ / "train.txt", CubClass(4) + "\n" + CubClass(1) + "\n");
  fails(CubClass(1) + "\n", AllOf(HasSubstr("val.txt:1: "), HasSubstr("also in train.txt, line 2")));
  WriteAll(home_ / "val.csv", "Bird_C\n");
  fails("Bird_C\n", HasSubstr("both val.txt and val.csv"));
}

TEST_F(Cub, ReadsOfficialListsStrictly) {
  ExpectFailure("images.txt", "\n2 ", "\n1 ", HasSubstr("images.txt:2: number 1 is already in line 1"));
  ExpectFailure("images.txt", "\n2 ", "\nx ",
                AllOf(HasSubstr("images.txt:2: the number is x"), HasSubstr("whole number")));
  ExpectFailure("images.txt", "002.Bird_B/", "", AllOf(HasSubstr("images.txt:4: "), HasSubstr("CLASS_NAME/FILE")));
  ExpectFailure("images.txt", "002.Bird_B/", "../", HasSubstr("images.txt:4: "));
  ExpectFailure("images.txt", "_0001.jpg\n", "_0000.jpg\n", HasSubstr("appears twice"));
  ExpectFailure("images.txt", "B_0001", "B_0009",
                AllOf(HasSubstr("images.txt:5: Bird_B_0009.jpg is not in"), HasSubstr("Unpack")));
  ExpectFailure("classes.txt", "2 002.Bird_B", "2 001.Bird_A", HasSubstr("classes.txt:2: class 001.Bird_A is already"));
  ExpectFailure(
      "image_class_labels.txt", "\n4 2", "\n4 3",
      AllOf(HasSubstr("image_class_labels.txt:4: class 3 is 003.Bird_C"), HasSubstr("images.txt has it in line 4")));
  ExpectFailure("image_class_labels.txt", "\n4 2", "\n4 99",
                HasSubstr("image_class_labels.txt:4: class 99 is not in classes.txt"));
  ExpectFailure("image_class_labels.txt", "\n4 2", "",
                AllOf(HasSubstr("images.txt:4: number 4 is not in image_class_labels.txt")));
  ExpectFailure("image_class_labels.txt", "24 8\n", "24 8\n25 8\n",
                HasSubstr("image_class_labels.txt:25: number 25 is not in images.txt"));
  ExpectFailure("bounding_boxes.txt", "\n4 2.0", "\n4 -2.0", HasSubstr("bounding_boxes.txt:4: the box"));
  ExpectFailure("bounding_boxes.txt", "\n4 2.0 4.0 20.0", "\n4 2.0 4.0 0.0",
                HasSubstr("bounding_boxes.txt:4: the box"));
  ExpectFailure("bounding_boxes.txt", "\n4 2.0", "\n4 nan", HasSubstr("bounding_boxes.txt:4: x is nan"));
  ExpectFailure("bounding_boxes.txt", "\n4 2.0", "\n4",
                AllOf(HasSubstr("bounding_boxes.txt:4: "), HasSubstr("IMAGE_ID X Y WIDTH HEIGHT")));
  ExpectFailure("bounding_boxes.txt", "\n4 2.0 4.0 20.0 16.0", "",
                HasSubstr("images.txt:4: number 4 is not in bounding_boxes.txt"));
}

TEST_F(Cub, IsChecked) {
  const DatasetReport report = CheckDataset(folder_.path(), "cub");
  ASSERT_EQ(report.splits.size(), 3u);
  EXPECT_THAT(report.splits[0].sizes, ElementsAre(Pair("20x16", 12)));
  EXPECT_THAT(report.deviations, Contains("val has 2 classes, not 50"));
  EXPECT_THAT(report.deviations, Contains("has 24 images, not 11788"));
  // Nothing is published about custom splits.
  WriteAll(home_ / "test.txt", CubClass(1) + "\n");
  const DatasetReport own = CheckDataset(folder_.path(), "cub-none");
  EXPECT_THAT(own.splits[0].sizes, ElementsAre(Pair("30x30", 3)));
  EXPECT_THAT(own.deviations, ElementsAre());
}

TEST_F(Cub, RefusesBoxesOutsideTheirImage) {
  EditText(home_ / "bounding_boxes.txt", "\n4 2.0 4.0 20.0 16.0",
           "\n4 21.0 4.0 20.0 26.9");  // ends at 41 of 40, 30.9 of 30
  EditText(home_ / "bounding_boxes.txt", "\n5 2.0 4.0 20.0 16.0", "\n5 21.5 4.0 20.0 16.0");
  const auto source = Open();
  EXPECT_THAT(source->Decode(CubClass(1), CubFile(1, 0)).pixels,
              TensorEquals(Pattern(30, 40, 10).slice(1, 4, 30).slice(2, 21, 40)));
  EXPECT_THAT(CatchError([&] { source->Decode(CubClass(1), CubFile(1, 1)); }),
              FailsWith(ExitCode::kBadInput,
                        AllOf(HasSubstr("bounding_boxes.txt:5: the box 21.5 4 20 16 exceeds its image of 40 x 30"),
                              HasSubstr("Bird_B_0001.jpg"), HasSubstr("cub-center"))));
  EXPECT_EQ(CheckDataset(folder_.path(), "cub").splits[1].undecodable.size(), 1u);
}

}  // namespace
}  // namespace tint

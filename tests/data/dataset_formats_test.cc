// SPDX-License-Identifier: Apache-2.0
// Data sets described by lists: Ravi & Larochelle's CSV, lists of classes.

#include "prelude.h"
#include "small_data.h"
#include "tint/data/dataset.h"
#include "tint/data/loader.h"

namespace tint {
namespace {

using testing::WriteZip;

constexpr char kList[] = "filename,label\nb2.jpg,n01930112\na1.jpg,n01981276\nb1.jpg,n01930112\n";

class RaviCsv : public testing::FolderTest {
 protected:
  void SetUp() override {
    for (const std::string name : {"a1", "b1", "b2", "unused"})
      WriteAll(folder_ / ("miniimagenet/images/" + name + ".jpg"), name);
    WriteAll(list_, kList);
  }
  void ExpectFailure(const std::string& list, const ::testing::Matcher<std::string>& message) {
    WriteAll(list_, list);
    EXPECT_THAT(CatchError([&] { OpenSplit(folder_.path(), "miniimagenet", "test"); }),
                FailsWith(ExitCode::kBadInput, message));
  }

  const std::filesystem::path list_ = folder_ / "miniimagenet/test.csv";
};

TEST_F(RaviCsv, IsReadAsClassesAndFiles) {
  const auto source = OpenSplit(folder_.path(), "miniimagenet", "test");
  EXPECT_THAT(source->Classes(), ElementsAre("n01930112", "n01981276"));
  EXPECT_THAT(source->Files("n01930112"), ElementsAre("b1.jpg", "b2.jpg"));
  EXPECT_EQ(source->ReadBytes("n01930112", "b2.jpg"), "b2");
  EXPECT_EQ(source->Describe("n01981276", "a1.jpg"), (folder_ / "miniimagenet/images/a1.jpg").native());
  EXPECT_TRUE(source->is_folder());
  EXPECT_THAT(CatchError([&] { source->ReadBytes("n01981276", "unused.jpg"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("unused.jpg")));
}

TEST_F(RaviCsv, HasTheSameContentAsAnArchiveOfIt) {
  WriteZip(folder_ / "zip/test.zip",
           {{"test/n01930112/b1.jpg", "b1"}, {"test/n01930112/b2.jpg", "b2"}, {"test/n01981276/a1.jpg", "a1"}});
  EXPECT_EQ(OpenSplit(folder_.path(), "miniimagenet", "test")->ContentSha256(),
            OpenSplit(folder_.path(), "zip", "test")->ContentSha256());
}

TEST_F(RaviCsv, AcceptsWindowsLineEnds) {
  WriteAll(list_,
           "\xEF\xBB\xBF"
           "filename,label\r\na1.jpg,n01981276\r\n\r\n");
  EXPECT_THAT(OpenSplit(folder_.path(), "miniimagenet", "test")->Classes(), ElementsAre("n01981276"));
}

TEST_F(RaviCsv, IsReadStrictly) {
  ExpectFailure("filename,class\na1.jpg,n01981276\n", AllOf(HasSubstr("test.csv:1: "), HasSubstr("Vinyals")));
  ExpectFailure("a1.jpg,n01981276\n", AllOf(HasSubstr("test.csv:1: "), HasSubstr("the header filename,label")));
  ExpectFailure("", HasSubstr("test.csv: is empty"));
  ExpectFailure("filename,label\n", HasSubstr("names no image"));
  ExpectFailure("filename,label\na1.jpg\n", AllOf(HasSubstr("test.csv:2: "), HasSubstr("FILENAME,LABEL")));
  ExpectFailure("filename,label\n\na1.jpg,n01981276\n", HasSubstr("test.csv:2: is empty"));
  ExpectFailure("filename,label\n../a1.jpg,n01981276\n", AllOf(HasSubstr("test.csv:2: "), HasSubstr("'/'")));
  ExpectFailure("filename,label\na\xFF.jpg,n01981276\n", AllOf(HasSubstr("test.csv:2: "), HasSubstr("UTF-8")));
  ExpectFailure(std::string(kList) + "b2.jpg,n01981276\n",
                AllOf(HasSubstr("test.csv:5: "), HasSubstr("b2.jpg is already in line 2")));
  ExpectFailure(std::string(kList) + "c1.jpg,n01981276\nc2.jpg,n01981276\n",
                AllOf(HasSubstr("test.csv:5: c1.jpg is not in"), HasSubstr("1 other images of the list")));
}

TEST_F(RaviCsv, ChecksMiniImageNetAgainstItsSplit) {
  ExpectFailure("filename,label\na1.jpg,n01532829\n",
                AllOf(HasSubstr("test.csv:2: "), HasSubstr("n01532829 belongs to train")));
  ExpectFailure("filename,label\na1.jpg,n99999999\n", HasSubstr("not one of miniImageNet's 100"));
  WriteAll(folder_ / "other/images/a1.jpg", "a1");
  WriteAll(folder_ / "other/test.csv", "filename,label\na1.jpg,n01532829\n");
  EXPECT_THAT(OpenSplit(folder_.path(), "other", "test")->Classes(), ElementsAre("n01532829"));
}

TEST_F(RaviCsv, NeedsItsImages) {
  WriteAll(folder_ / "other/test.csv", kList);
  EXPECT_THAT(CatchError([&] { OpenSplit(folder_.path(), "other", "test"); }),
              FailsWith(ExitCode::kMissingInput, AllOf(HasSubstr("other/images"), HasSubstr("Unpack"))));
  std::filesystem::create_symlink("/etc/hostname", folder_ / "miniimagenet/images/link.jpg");
  EXPECT_THAT(CatchError([&] { OpenSplit(folder_.path(), "miniimagenet", "test"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("outside the folder")));
}

TEST(ClassLists, ChooseFolders) {
  TestFolder folder;
  for (const std::string name : {"n1/a.jpg", "n2/b.jpg", "n3/c.jpg"}) WriteAll(folder / ("d/data/" + name), name);
  const auto list = folder / "d/splits/ravi-larochelle/val.txt";
  WriteAll(list, "n3\nn1\n");
  const auto source = OpenSplit(folder.path(), "d", "val");
  EXPECT_THAT(source->Classes(), ElementsAre("n1", "n3"));
  EXPECT_EQ(source->ReadBytes("n3", "c.jpg"), "n3/c.jpg");
  const auto fails = [&](const std::string& text, const ::testing::Matcher<std::string>& message) {
    WriteAll(list, text);
    EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "d", "val"); }), FailsWith(ExitCode::kBadInput, message));
  };
  fails("n1\nn4\n", AllOf(HasSubstr("val.txt:2: class n4 is not in"), HasSubstr("Did you mean")));
  fails("n1\nn3\nn1\n", HasSubstr("val.txt:3: n1 appears twice"));
  fails("n1\n../n3\n", HasSubstr("val.txt:2: "));
}

TEST(OpenSplit, PrefersArchivesAndFoldersToLists) {
  TestFolder folder;
  WriteAll(folder / "d/images/a.jpg", "listed");
  WriteAll(folder / "d/test.csv", "filename,label\na.jpg,n1\n");
  EXPECT_EQ(OpenSplit(folder.path(), "d", "test")->ReadBytes("n1", "a.jpg"), "listed");
  WriteAll(folder / "d/test/n1/a.jpg", "folder");
  EXPECT_EQ(OpenSplit(folder.path(), "d", "test")->ReadBytes("n1", "a.jpg"), "folder");
  WriteZip(folder / "d/test.zip", {{"test/n1/a.jpg", "archive"}});
  EXPECT_EQ(OpenSplit(folder.path(), "d", "test")->ReadBytes("n1", "a.jpg"), "archive");
}

}  // namespace
}  // namespace tint

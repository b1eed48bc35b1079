// SPDX-License-Identifier: Apache-2.0
#include "tint/data/dataset.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <set>
#include <thread>

#include "hostile_names.h"
#include "prelude.h"
#include "small_data.h"
#include "tint/base/sha256.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using testing::WriteZip;
using testing::ZipEntry;

// Sets TINT_DATA for one test.
class ScopedDataRoot {
 public:
  explicit ScopedDataRoot(const std::string& value) : old_(testing::DataRoot()) { Set(value); }
  ~ScopedDataRoot() { Set(old_); }

 private:
  static void Set(const std::string& value) {
    value.empty() ? unsetenv("TINT_DATA") : setenv("TINT_DATA", value.c_str(), 1);
  }
  std::string old_;
};

const std::vector<ZipEntry> kSmall = {
    {"test/b/2.jpg", "two"}, {"test/a/1.jpg", "one"}, {"test/a-b/3.jpg", "three"}, {"test/a/0.jpg", ""}};

TEST(OpenSplit, ReadsAnArchive) {
  TestFolder folder;
  WriteZip(folder / "mini/test.zip", kSmall);
  const auto source = OpenSplit(folder.path(), "mini", "test");
  EXPECT_THAT(source->Classes(), ElementsAre("a", "a-b", "b"));
  EXPECT_THAT(source->Files("a"), ElementsAre("0.jpg", "1.jpg"));
  EXPECT_EQ(source->ReadBytes("a", "1.jpg"), "one");
  EXPECT_EQ(source->ReadBytes("a", "0.jpg"), "");
  EXPECT_EQ(source->ReadBytes("b", "2.jpg"), "two");
  EXPECT_EQ(source->Describe("b", "2.jpg"), (folder / "mini/test.zip/test/b/2.jpg").native());
}

TEST(OpenSplit, ReadsDeflatedEntriesAndIgnoresFolderEntries) {
  TestFolder folder;
  std::string text;
  for (int i = 0; i < 500; ++i) text += std::to_string(i * i);
  WriteZip(folder / "d/val.zip", {{"val/", ""}, {"val/a/", ""}, {"val/a/1.jpg", text, true}});
  ASSERT_LT(std::filesystem::file_size(folder / "d/val.zip"), text.size());
  const auto source = OpenSplit(folder.path(), "d", "val");
  EXPECT_THAT(source->Classes(), ElementsAre("a"));
  EXPECT_EQ(source->ReadBytes("a", "1.jpg"), text);
}

TEST(OpenSplit, NamesMissingClassesAndFiles) {
  TestFolder folder;
  WriteZip(folder / "mini/test.zip", kSmall);
  const auto source = OpenSplit(folder.path(), "mini", "test");
  EXPECT_THAT(CatchError([&] { source->Files("c"); }), FailsWith(ExitCode::kBadInput, HasSubstr("no class c")));
  EXPECT_THAT(CatchError([&] { source->ReadBytes("a", "../b/2.jpg"); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("class a"), HasSubstr("../b/2.jpg"))));
}

TEST(OpenSplit, ReportsPathsAndRemedy) {
  TestFolder folder;
  WriteZip(folder / "miniimagenet/test.zip", kSmall);
  EXPECT_THAT(CatchError([&] { OpenSplit(folder / "nowhere", "miniimagenet", "test"); }),
              FailsWith(ExitCode::kMissingInput, AllOf(HasSubstr("nowhere"), HasSubstr("TINT_DATA"))));
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "minimagenet", "test"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("Did you mean 'miniimagenet'?")));
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "miniimagenet", "tests"); }),
              FailsWith(ExitCode::kMissingInput, AllOf(HasSubstr("tests.zip"), HasSubstr("Did you mean 'test'?"))));
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "..", "test"); }),
              FailsWith(ExitCode::kUsage, HasSubstr("..")));
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "miniimagenet", "../x"); }),
              FailsWith(ExitCode::kUsage, HasSubstr("split")));
}

TEST(ContentSha256, IsTheSameForAnArchiveAndItsFolder) {
  TestFolder folder;
  WriteZip(folder / "zip/test.zip", kSmall);
  for (const ZipEntry& entry : kSmall) WriteAll(folder / ("plain/" + entry.name), entry.bytes);
  const auto archive = OpenSplit(folder.path(), "zip", "test");
  const auto plain = OpenSplit(folder.path(), "plain", "test");
  EXPECT_EQ(plain->Classes(), archive->Classes());
  // "a-b/" before "a/": the order of bytes.
  const std::string lines = "a-b/3.jpg " + Sha256Hex("three") + "\na/0.jpg " + Sha256Hex("") + "\na/1.jpg " +
                            Sha256Hex("one") + "\nb/2.jpg " + Sha256Hex("two") + "\n";
  EXPECT_EQ(archive->ContentSha256(), Sha256Hex(lines));
  EXPECT_EQ(plain->ContentSha256(), archive->ContentSha256());
  EXPECT_EQ(plain->ContentSha256(), archive->ContentSha256());  // remembered
  EXPECT_EQ(OpenClassFolders(folder / "plain/test")->ContentSha256(), archive->ContentSha256());
}

TEST(ContentSha256, ChangesWithEveryNameAndByte) {
  const std::vector<std::vector<ZipEntry>> all = {
      {{"t/a/1", "x"}}, {{"t/a/1", "y"}}, {{"t/b/1", "x"}}, {{"t/a/2", "x"}}, {{"t/a/1", "x"}, {"t/a/2", ""}}};
  std::set<std::string> seen;
  for (const auto& entries : all) {
    TestFolder folder;
    WriteZip(folder / "d/t.zip", entries);
    seen.insert(OpenSplit(folder.path(), "d", "t")->ContentSha256());
  }
  EXPECT_EQ(seen.size(), all.size());
}

TEST(OpenSplit, ServesManyThreads) {
  TestFolder folder;
  std::vector<ZipEntry> entries;
  for (int i = 0; i < 200; ++i)
    entries.push_back({"s/c/" + std::to_string(i), std::string(100 + i, 'a' + i % 26), i % 2 == 0});
  WriteZip(folder / "d/s.zip", entries);
  const auto source = OpenSplit(folder.path(), "d", "s");
  std::atomic<int> wrong{0};
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) wrong += source->ReadBytes("c", std::to_string(i)) != entries[i].bytes;
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

struct BadArchive {
  std::vector<ZipEntry> entries;
  std::string found;  // in the message
};

TEST(OpenSplit, RefusesHostileArchives) {
  const std::vector<BadArchive> cases = {
      {{{"../x", "a"}}, "leads out of the archive"},
      {{{"test/../x", "a"}}, "leads out of the archive"},
      {{{"test/a/../../x", "a"}}, "leads out of the archive"},
      {{{"test/a/..", "a"}}, "leads out of the archive"},
      {{{"/test/a/b.jpg", "a"}}, "absolute"},
      {{{"/etc/passwd", "a"}}, "absolute"},
      {{{"train/a/b.jpg", "a"}}, "is not in test/"},
      {{{"b.jpg", "a"}}, "is not in test/"},
      {{{"test/b.jpg", "a"}}, "not in a class folder"},
      {{{"test", "a"}}, "not in a class folder"},
      {{{"test/a/b/c.jpg", "a"}}, "too deep"},
      {{{"test/a/b/", ""}}, "too deep"},
      {{{"test//b.jpg", "a"}}, "is empty"},
      {{{"test/a\\..\\b/c.jpg", "a"}}, "'\\'"},
      {{{"test/a\nb/c.jpg", "a"}}, "control"},
      {{{"test/a/\x1b[2J.jpg", "a"}}, "control"},
      {{{"test/-rf/c.jpg", "a"}}, "begins with '-'"},
      {{{"test/a/.DS_Store", "a"}}, "begins with '.'"},
      {{{"test/a/" + std::string(256, 'x'), "a"}}, "256 bytes"},
      {{{"test/a/\xff.jpg", "a"}}, "UTF-8"},
      {{{"test/a/b.jpg", "/etc/passwd", false, true}}, "symbolic link"},
      {{{"test/a/b.jpg", "a", false, false, true}}, "encrypted"},
      {{{"test/a/b.jpg", std::string(1 << 20, '\0'), true}}, "ratio of at most 100"},
      {{{"test/a/caf\u00e9.jpg", "a"}, {"test/a/cafe\u0301.jpg", "b"}}, "Unicode normalization"},
      {{{"test/caf\u00e9/1.jpg", "a"}, {"test/cafe\u0301/1.jpg", "b"}}, "Unicode normalization"},
      {{{"test/a/", ""}}, "no image"},
  };
  for (const BadArchive& one : cases) {
    TestFolder folder;
    std::vector<ZipEntry> entries = one.entries;
    entries.insert(entries.begin(), {"test/good/good.jpg", "bytes"});
    if (one.found == "no image") entries = one.entries;
    WriteZip(folder / "mini/test.zip", entries);
    EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "mini", "test"); }),
                FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("mini/test.zip"), HasSubstr(one.found))))
        << one.found;
    // Nothing has been written anywhere: the archive is all there is.
    EXPECT_EQ(std::distance(fs::recursive_directory_iterator(folder.path()), fs::recursive_directory_iterator()), 2);
  }
}

TEST(OpenSplit, RefusesTheSameNameTwice) {
  TestFolder folder;
  WriteZip(folder / "mini/test.zip", {{"test/a/1.jpg", "x"}, {"test/a/2.jpg", "y"}});
  testing::RenameInZip(folder / "mini/test.zip", "test/a/2.jpg", "test/a/1.jpg");
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "mini", "test"); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("test/a/1.jpg"), HasSubstr("twice"))));
}

TEST(OpenSplit, RefusesNulInNames) {
  TestFolder folder;
  WriteZip(folder / "mini/test.zip", {{"test/a/1 2.jpg", "x"}, {"test/a/3.jpg#.png", "y"}});
  const auto source = OpenSplit(folder.path(), "mini", "test");
  EXPECT_EQ(source->ReadBytes("a", "1 2.jpg"), "x");  // a blank is no NUL
  using namespace std::string_literals;
  testing::RenameInZip(folder / "mini/test.zip", "test/a/3.jpg#.png", "test/a/3.jpg\0.png"s);
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "mini", "test"); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("NUL"), HasSubstr("3.jpg\\x00.png"))));
}

TEST(OpenSplit, RefusesOtherFiles) {
  TestFolder folder;
  for (const std::string& bytes : {std::string(), std::string("<html>not found</html>"), std::string(1000, '\0')}) {
    WriteAll(folder / "d/test.zip", bytes);
    EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "d", "test"); }),
                FailsWith(ExitCode::kBadInput, HasSubstr("test.zip")));
  }
  WriteZip(folder / "d/test.zip", kSmall);
  fs::resize_file(folder / "d/test.zip", fs::file_size(folder / "d/test.zip") / 2);
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "d", "test"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("zip archive")));
  fs::remove(folder / "d/test.zip");
  fs::create_directory(folder / "d/test.zip");
  EXPECT_THAT(CatchError([&] { OpenSplit(folder.path(), "d", "test"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("not a regular file")));
}

TEST(OpenSplit, NoticesBytesThatFailTheirChecksum) {
  TestFolder folder;
  WriteZip(folder / "d/test.zip", {{"test/a/1.jpg", "some bytes that will change"}});
  std::string bytes = testing::ReadAll(folder / "d/test.zip");
  bytes[bytes.find("will")] ^= 1;
  WriteAll(folder / "d/test.zip", bytes);
  const auto source = OpenSplit(folder.path(), "d", "test");
  EXPECT_THAT(CatchError([&] { source->ReadBytes("a", "1.jpg"); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("test/a/1.jpg"), HasSubstr("CRC"))));
  EXPECT_THAT(CatchError([&] { source->ContentSha256(); }), FailsWith(ExitCode::kBadInput, HasSubstr("CRC")));
}

TEST(OpenClassFolders, ListsPhotosAndIgnoresOtherEntries) {
  TestFolder folder;
  for (const char* name :
       {"cat/b.jpg", "cat/a 'x'.jpg", "cat/.hidden", "cat/more/c.jpg", "dog/-1.png", ".git/x", "README"}) {
    WriteAll(folder / name, name);
  }
  fs::create_symlink(folder / "cat/b.jpg", folder / "dog/link.jpg");
  const auto source = OpenClassFolders(folder.path());
  EXPECT_THAT(source->Classes(), ElementsAre("cat", "dog"));
  EXPECT_THAT(source->Files("cat"), ElementsAre("a 'x'.jpg", "b.jpg"));
  EXPECT_THAT(source->Files("dog"), ElementsAre("-1.png", "link.jpg"));
  EXPECT_EQ(source->ReadBytes("dog", "link.jpg"), "cat/b.jpg");
  EXPECT_EQ(source->Describe("dog", "-1.png"), (folder / "dog/-1.png").native());
  EXPECT_THAT(CatchError([&] { source->ReadBytes("cat", ".hidden"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("cat")));
}

TEST(OpenClassFolders, RefusesInvalidClassFolders) {
  TestFolder folder;
  auto error = [&] { return CatchError([&] { OpenClassFolders(folder / "x"); }); };
  EXPECT_THAT(error(), FailsWith(ExitCode::kMissingInput, HasSubstr("does not exist")));
  WriteAll(folder / "x", "a file");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, HasSubstr("is not a directory")));
  fs::remove(folder / "x");
  fs::create_directory(folder / "x");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, HasSubstr("no class folder")));
  WriteAll(folder / "x/1.jpg", "loose");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, HasSubstr("1 file")));
  fs::create_directory(folder / "x/cat");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("x/cat"), HasSubstr("no files"))));
  ASSERT_EQ(mkfifo((folder / "x/cat/pipe.jpg").c_str(), 0600), 0);
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("pipe.jpg"), HasSubstr("pipe"))));
  fs::remove(folder / "x/cat/pipe.jpg");
  fs::create_symlink("nowhere", folder / "x/cat/gone.jpg");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("gone.jpg"), HasSubstr("broken symbolic link"))));
}

TEST(OpenClassFolders, RefusesLinksThatLeadOut) {
  TestFolder folder;
  for (const char* name : {"x/cat/1.jpg", "elsewhere/2.jpg"}) WriteAll(folder / name, name);
  auto error = [&] { return CatchError([&] { OpenClassFolders(folder / "x"); }); };
  fs::create_symlink(folder / "elsewhere/2.jpg", folder / "x/cat/2.jpg");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("x/cat/2.jpg: is a symbolic link to"),
                                                            HasSubstr("elsewhere/2.jpg, outside the folder"))));
  fs::remove(folder / "x/cat/2.jpg");
  fs::create_directory_symlink(folder / "elsewhere", folder / "x/dog");
  EXPECT_THAT(error(), FailsWith(ExitCode::kBadInput, HasSubstr("x/dog: is a symbolic link to")));
  fs::remove(folder / "x/dog");
  // The folder itself may be reached through a link.
  fs::create_directory_symlink(folder / "x", folder / "shortcut");
  EXPECT_THAT(OpenClassFolders(folder / "shortcut")->Classes(), ElementsAre("cat"));
}

// Those hostile names that a file system can hold at all, as classes and as photos.
TEST(OpenClassFolders, RefusesHostileNames) {
  int tried = 0;
  for (const auto& [name, why] : testing::HostileNames()) {
    const bool possible = !name.empty() && name.size() < 256 && name != "." && name != ".." &&
                          name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
    if (!possible || name.front() == '.') continue;
    TestFolder folder;
    WriteAll(folder / "x" / name / "1.jpg", "a");
    EXPECT_THAT(CatchError([&] { OpenClassFolders(folder / "x"); }), FailsWith(ExitCode::kBadInput, HasSubstr(why)))
        << ::testing::PrintToString(name);
    ++tried;
    if (name.front() == '-') continue;
    WriteAll(folder / "y/cat" / name, "a");
    EXPECT_THAT(CatchError([&] { OpenClassFolders(folder / "y"); }), FailsWith(ExitCode::kBadInput, HasSubstr(why)))
        << ::testing::PrintToString(name);
  }
  EXPECT_GE(tried, 20);
  TestFolder folder;
  WriteAll(folder / "x/cat/caf\u00e9.jpg", "a");
  WriteAll(folder / "x/cat/cafe\u0301.jpg", "b");
  EXPECT_THAT(CatchError([&] { OpenClassFolders(folder / "x"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("Unicode normalization")));
}

// CIFAR's statistics as in the RFS family's code (arXiv 2003.11539).
TEST(InfoOfDataset, CifarFsHasItsOwnSizeAndStatistics) {
  const DatasetInfo info = InfoOfDataset("cifar-fs");
  EXPECT_EQ(info.image_size, 32);
  EXPECT_EQ(info.mean, (std::vector<double>{0.5071, 0.4867, 0.4408}));
  EXPECT_EQ(info.std, (std::vector<double>{0.2675, 0.2565, 0.2761}));
}

TEST(InfoOfDataset, KnowsMiniImageNetAndFoldersWithSplits) {
  TestFolder folder;
  WriteAll(folder / "birds/test/a/1.jpg", "x");
  WriteAll(folder / "other/readme", "x");
  const ScopedDataRoot root(folder.path());
  EXPECT_EQ(DataRoot(), folder.path());
  // As IER's and PMF's released code: (120.39586422, 115.59361427, 104.54012653) / 255 and
  // (70.68188272, 68.27635443, 72.54505529) / 255.
  const DatasetInfo mini = InfoOfDataset("miniimagenet");
  EXPECT_EQ(mini.image_size, 84);
  const std::vector<double> mean = {120.39586422, 115.59361427, 104.54012653};
  const std::vector<double> deviation = {70.68188272, 68.27635443, 72.54505529};
  for (int c = 0; c < 3; ++c) {
    EXPECT_NEAR(mini.mean[c], mean[c] / 255, 3e-6);  // the two published values differ by as much
    EXPECT_NEAR(mini.std[c], deviation[c] / 255, 1e-6);
  }
  EXPECT_EQ(InfoOfDataset("birds").name, "birds");
  EXPECT_EQ(InfoOfDataset("birds").image_size, 84);
  EXPECT_THAT(CatchError([] { InfoOfDataset("bird"); }),
              FailsWith(ExitCode::kUsage, HasSubstr("Did you mean 'birds'?")));
  EXPECT_THAT(CatchError([] { InfoOfDataset("other"); }), FailsWith(ExitCode::kUsage, HasSubstr("miniimagenet")));
  EXPECT_THAT(CatchError([] { InfoOfDataset("../x"); }), FailsWith(ExitCode::kUsage, HasSubstr("'/'")));
}

TEST(InfoOfDataset, TakesTheSizeOfASyntheticDatasetFromItsIndex) {
  TestFolder folder;
  WriteAll(folder / "drawn/val/a/1.png", "x");
  const ScopedDataRoot root(folder.path());
  WriteAll(folder / "drawn/drawn.json", R"({"schema": 1, "splits": {"val": {"world": 1, "side": 32}}})");
  EXPECT_EQ(InfoOfDataset("drawn").image_size, 32);
  for (const char* other : {"", "[]", R"({"splits": 3})", R"({"splits": {"val": {"side": "32"}}})",
                            R"({"splits": {"val": {"side": -1}}})"}) {
    WriteAll(folder / "drawn/drawn.json", other);
    EXPECT_EQ(InfoOfDataset("drawn").image_size, 84) << other;
  }
}

TEST(DataRoot, SaysWhatToSet) {
  const ScopedDataRoot root("");
  EXPECT_THAT(CatchError([] { DataRoot(); }), FailsWith(ExitCode::kMissingInput, HasSubstr("TINT_DATA")));
}

TEST(MiniImageNet, HasItsClasses) {
  const std::string root = testing::DataRoot();
  if (root.empty()) GTEST_SKIP() << "TINT_DATA is not set: the real miniImageNet is not looked at";
  const std::map<std::string, size_t> expected = {{"train", 64}, {"val", 16}, {"test", 20}};
  for (const auto& [split, classes] : expected) {
    const auto begin = std::chrono::steady_clock::now();
    const auto source = OpenSplit(root, "miniimagenet", split);
    EXPECT_EQ(source->Classes().size(), classes);
    for (const std::string& name : source->Classes()) EXPECT_EQ(source->Files(name).size(), 600u) << name;
    const std::chrono::duration<double> opened = std::chrono::steady_clock::now() - begin;
    const std::string hash = source->ContentSha256();
    const std::chrono::duration<double> hashed = std::chrono::steady_clock::now() - begin - opened;
    std::cout << split << ": opened in " << opened.count() << " s, hashed in " << hashed.count() << " s, " << hash
              << "\n";
  }
}

}  // namespace
}  // namespace tint

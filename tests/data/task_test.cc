// SPDX-License-Identifier: Apache-2.0
#include "tint/data/task.h"

#include "prelude.h"
#include "small_data.h"
#include "tint/data/episode_file.h"

namespace tint {
namespace {

using testing::MemorySource;
using testing::NumberedFiles;

std::shared_ptr<MemorySource> Source() { return std::make_shared<MemorySource>(NumberedFiles(3, 5)); }

EpisodeFile FileFor(const ImageSource& source) {
  EpisodeFile file;
  file.path = "episodes.json";
  file.sha256 = "hash of the file";
  file.dataset = "miniimagenet";
  file.split = "test";
  file.dataset_sha256 = source.ContentSha256();
  file.episodes.push_back({.classes = {"n02", "n00"},
                           .support = {{"p003.png", "p001.png"}, {"p000.png"}},
                           .query = {},
                           .query_rest = true});
  file.episodes.push_back(
      {.classes = {"n01"}, .support = {{"p000.png"}}, .query = {{"p004.png", "p002.png"}}, .query_rest = false});
  return file;
}

TEST(ResolveEpisode, ListsTheRest) {
  const auto source = Source();
  const EpisodeFile file = FileFor(*source);
  const Task task = ResolveEpisode(file, 0, source, 0);
  EXPECT_EQ(task.episode_idx, 0u);
  EXPECT_EQ(task.dataset, "miniimagenet");
  EXPECT_EQ(task.dataset_info.image_size, 84);
  EXPECT_EQ(task.episodes_sha256, "hash of the file");
  EXPECT_EQ(task.support_source, source);
  EXPECT_EQ(task.query_source, source);
  ASSERT_THAT(task.classes, SizeIs(2));
  EXPECT_EQ(task.classes[0].name, "n02");
  EXPECT_THAT(task.classes[0].support, ElementsAre("p003.png", "p001.png"));  // the file's order
  EXPECT_THAT(task.classes[0].query, ElementsAre("p000.png", "p002.png", "p004.png"));
  EXPECT_THAT(task.classes[1].query, ElementsAre("p001.png", "p002.png", "p003.png", "p004.png"));
}

TEST(ResolveEpisode, KeepsTheFirstQueries) {
  const auto source = Source();
  const EpisodeFile file = FileFor(*source);
  EXPECT_THAT(ResolveEpisode(file, 0, source, 2).classes[0].query, ElementsAre("p000.png", "p002.png"));
  EXPECT_THAT(ResolveEpisode(file, 0, source, 99).classes[0].query, SizeIs(3));
  EXPECT_THAT(ResolveEpisode(file, 1, source, 0).classes[0].query, ElementsAre("p004.png", "p002.png"));
  EXPECT_THAT(ResolveEpisode(file, 1, source, 1).classes[0].query, ElementsAre("p004.png"));
}

TEST(ResolveEpisode, RefusesAnotherDataSet) {
  const auto source = Source();
  EpisodeFile file = FileFor(*source);
  file.dataset_sha256 = std::string(64, '0');
  const auto matcher = AllOf(HasSubstr("episodes.json"), HasSubstr("miniimagenet:test"), HasSubstr(file.dataset_sha256),
                             HasSubstr(source->ContentSha256()), HasSubstr("tint episodes check"));
  EXPECT_THAT(CatchError([&] { ResolveEpisode(file, 0, source, 0); }), FailsWith(ExitCode::kBadInput, matcher));
  EXPECT_THAT(CheckEpisodes(file, *source), ElementsAre(HasSubstr("different content")));
}

TEST(ResolveEpisode, RefusesMissingClassesAndFiles) {
  const auto source = Source();
  EpisodeFile file = FileFor(*source);
  EXPECT_THAT(CatchError([&] { ResolveEpisode(file, 2, source, 0); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("no episode 2"), HasSubstr("0 to 1"))));
  file.episodes[0].classes[0] = "n0x";
  file.episodes[0].support[1][0] = "gone.png";
  file.episodes[1].query[0][1] = "lost.png";
  EXPECT_THAT(CatchError([&] { ResolveEpisode(file, 0, source, 0); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("episodes[0]"), HasSubstr("n0x"), HasSubstr("gone.png"))));
  EXPECT_THAT(CatchError([&] { ResolveEpisode(file, 1, source, 0); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("lost.png")));
  EXPECT_THAT(CheckEpisodes(file, *source), ElementsAre(AllOf(HasSubstr("episode 0"), HasSubstr("n0x")),
                                                        AllOf(HasSubstr("episode 0"), HasSubstr("gone.png")),
                                                        AllOf(HasSubstr("episode 1"), HasSubstr("lost.png"))));
}

TEST(ResolveEpisode, RefusesAClassWithoutQueries) {
  const auto source = Source();
  EpisodeFile file = FileFor(*source);
  file.episodes[0].support[0] = source->Files("n02");
  EXPECT_THAT(CatchError([&] { ResolveEpisode(file, 0, source, 0); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("n02"), HasSubstr("there are no queries"))));
}

TEST(ResolveFolders, AcceptsCustomImageFolders) {
  TestFolder folder;
  for (const char* name :
       {"support/cat/2.jpg", "support/cat/1.jpg", "support/dog/1.jpg", "query/dog/8.jpg", "query/dog/9.jpg"}) {
    WriteAll(folder / name, name);
  }
  const Task alone = ResolveFolders(folder / "support", "", 0);
  EXPECT_EQ(alone.dataset, "folder");
  EXPECT_EQ(alone.episodes_sha256, "");
  EXPECT_EQ(alone.query_source, nullptr);
  ASSERT_THAT(alone.classes, SizeIs(2));
  EXPECT_EQ(alone.classes[0].name, "cat");
  EXPECT_THAT(alone.classes[0].support, ElementsAre("1.jpg", "2.jpg"));
  EXPECT_THAT(alone.classes[0].query, IsEmpty());
  const Task scored = ResolveFolders(folder / "support", folder / "query", 1);
  EXPECT_THAT(scored.classes[0].query, IsEmpty());
  EXPECT_THAT(scored.classes[1].query, ElementsAre("8.jpg"));
  EXPECT_EQ(scored.query_source->ReadBytes("dog", "8.jpg"), "query/dog/8.jpg");
}

TEST(ResolveFolders, RefusesQueriesOfUnknownClasses) {
  TestFolder folder;
  WriteAll(folder / "support/cat/1.jpg", "1");
  WriteAll(folder / "query/cats/2.jpg", "2");
  EXPECT_THAT(CatchError([&] { ResolveFolders(folder / "support", folder / "query", 0); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("cats"), HasSubstr("Did you mean 'cat'?"))));
  EXPECT_THAT(CatchError([&] { ResolveFolders(folder / "support", folder / "support/../support", 0); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("folder of the supports")));
  EXPECT_THAT(CatchError([&] { ResolveFolders(folder / "support", folder / "none", 0); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("none")));
}

// Row "same image twice" of the table of bad images.
TEST(ResolveFolders, RefusesTheSamePhotoTwice) {
  for (const char* second : {"support/cat/2.jpg", "support/dog/2.jpg"}) {
    TestFolder folder;
    for (const char* name : {"support/cat/1.jpg", "support/dog/1.jpg"}) WriteAll(folder / name, name);
    WriteAll(folder / second, "support/cat/1.jpg");
    EXPECT_THAT(CatchError([&] { ResolveFolders(folder / "support", "", 0); }),
                FailsWith(ExitCode::kBadInput, AllOf(HasSubstr(second), HasSubstr("support/cat/1.jpg"))));
  }
}

TEST(CheckNoDuplicates, RefusesQueriesThatAreSupports) {
  for (const char* query : {"query/cat/9.jpg", "query/dog/9.jpg"}) {
    TestFolder folder;
    for (const char* name : {"support/cat/1.jpg", "support/dog/1.jpg", "query/cat/8.jpg", "query/dog/8.jpg"}) {
      WriteAll(folder / name, name);
    }
    Task task = ResolveFolders(folder / "support", folder / "query", 0);
    CheckNoDuplicates(task);
    WriteAll(folder / query, "support/cat/1.jpg");
    task = ResolveFolders(folder / "support", folder / "query", 0);  // opens no query
    EXPECT_THAT(CatchError([&] { CheckNoDuplicates(task); }),
                FailsWith(ExitCode::kBadInput, AllOf(HasSubstr(query), HasSubstr("support/cat/1.jpg"))));
  }
}

// Apart from hashing the whole data set, which is how it is recognised.
TEST(ResolveEpisode, OpensSupportsOnly) {
  const auto source = Source();
  const EpisodeFile file = FileFor(*source);
  source->read.clear();
  const Task task = ResolveEpisode(file, 0, source, 0);
  EXPECT_THAT(source->read, SizeIs(3));
  source->read.clear();
  CheckNoDuplicates(task);
  EXPECT_THAT(source->read, SizeIs(3 + 7));
}

}  // namespace
}  // namespace tint

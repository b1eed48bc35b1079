// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/layout.h"

#include "prelude.h"

namespace tint {
namespace {

TEST(EpisodeFolderName, HasFourDigitsOrMoreAndAnInverse) {
  EXPECT_EQ(EpisodeFolderName(7), "0007");
  EXPECT_EQ(EpisodeFolderName(12345), "12345");
  EXPECT_EQ(EpisodeFolderName(kSupportEpisode), "support");
  for (const uint64_t episode_idx : {uint64_t{0}, uint64_t{9999}, uint64_t{10000}, kSupportEpisode})
    EXPECT_EQ(EpisodeOfFolderName(EpisodeFolderName(episode_idx)), episode_idx);
  for (const char* other : {"", "7", "00007", "-001", "0007x", "Support", "18446744073709551616"})
    EXPECT_FALSE(EpisodeOfFolderName(other)) << other;
}

TEST(EpisodeLabel, IsTheNumberAlone) {
  EXPECT_EQ(EpisodeLabel(0), "0");
  EXPECT_EQ(EpisodeLabel(12345), "12345");
  EXPECT_EQ(EpisodeLabel(kSupportEpisode), "support");
}

TEST(IsArtifactName, TakesNothingThatCouldLeadElsewhere) {
  for (const char* name : {"a", "index.json", "cat-000.zip", "_x", "9"}) EXPECT_TRUE(IsArtifactName(name)) << name;
  for (const char* name : {"", ".a", "-a", "a/b", "a b", "\xc3\xa9"}) EXPECT_FALSE(IsArtifactName(name)) << name;
  EXPECT_TRUE(IsArtifactName(std::string(200, 'a')));
  EXPECT_FALSE(IsArtifactName(std::string(201, 'a')));
}

TEST(ClassFileStem, IsTheNameWhereThatIsPlain) {
  EXPECT_EQ(ClassFileStem("n01532829", 3), "n01532829");
  EXPECT_EQ(ClassFileStem("red-disc_2", 3), "red-disc_2");
  EXPECT_EQ(ClassFileStem(std::string(64, 'a'), 3), std::string(64, 'a'));
  for (const std::string& name :
       {std::string(), std::string("_a"), std::string("-a"), std::string("a.b"), std::string("a b"), std::string("a/b"),
        std::string("class-001"), std::string("katz\xc3\xa9"), std::string(65, 'a')})
    EXPECT_EQ(ClassFileStem(name, 3), "class-003") << name;
  EXPECT_EQ(ClassFileStem("", 1234), "class-1234");
  EXPECT_EQ(ClassTensorFile("cat"), "cat.safetensors");
}

TEST(StateOfResult, FollowsTheNamesAlone) {
  TestFolder folder;
  EXPECT_EQ(StateOfResult(folder / "absent"), ResultState::kNone);
  EXPECT_EQ(StateOfResult(folder.path()), ResultState::kNone);
  WriteAll(folder / ".partial/ledger.json", "{}");
  EXPECT_EQ(StateOfResult(folder.path()), ResultState::kUnfinished);
  WriteAll(folder / "done.json", "{}");
  EXPECT_EQ(StateOfResult(folder.path()), ResultState::kComplete);
  EXPECT_FALSE(IsRunFolder(folder.path()));
  WriteAll(folder / "run.json", "");
  EXPECT_TRUE(IsRunFolder(folder.path()));
}

}  // namespace
}  // namespace tint

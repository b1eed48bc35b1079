// SPDX-License-Identifier: Apache-2.0
// The lists of episodes that come with the program.
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "files.h"
#include "redrawn_episodes.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/episode_file.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::vector<fs::path> Lists() {
  std::vector<fs::path> lists;
  for (const auto& entry : fs::directory_iterator(TINT_EPISODES)) {
    if (entry.path().extension() == ".json") lists.push_back(entry.path());
  }
  std::sort(lists.begin(), lists.end());
  return lists;
}

TEST(EpisodeLists, AreWhatTheirNamesSay) {
  ASSERT_EQ(Lists().size(), 10u);
  for (const fs::path& path : Lists()) {
    const EpisodeFile file = ReadEpisodeFile(path);
    const std::string name = path.filename();
    EXPECT_THAT(name, HasSubstr(file.dataset + "-" + file.split + "-5way-")) << name;
    const size_t shots = name.find("-1shot") == std::string::npos ? 5 : 1;
    const size_t count = name.ends_with("shot-5.json") ? 5 : name.ends_with("-40.json") ? 40 : 120;
    EXPECT_EQ(file.episodes.size(), count) << name;
    EXPECT_EQ(file.seed, name.ends_with("-b.json") ? 1u : 0u) << name;
    for (const Episode& episode : file.episodes) {
      ASSERT_EQ(episode.classes.size(), 5u) << name;
      for (const std::vector<std::string>& support : episode.support) ASSERT_EQ(support.size(), shots) << name;
      ASSERT_TRUE(episode.query_rest) << name;
    }
  }
}

TEST(EpisodeLists, HaveTheHashesOfTheirTable) {
  const std::string table = testing::ReadAll(fs::path(TINT_EPISODES) / "README.md");
  for (const fs::path& path : Lists()) {
    const size_t row = table.find("| " + path.filename().native() + " | ");
    ASSERT_NE(row, std::string::npos) << path;
    EXPECT_THAT(table.substr(row, table.find('\n', row) - row), HasSubstr("| " + Sha256OfFile(path) + " |"));
  }
}

TEST(EpisodeLists, OneShotIsTheFirstOfFiveAndFewAreTheFirstOfMany) {
  const auto read = [](const std::string& name) {
    return ReadEpisodeFile(fs::path(TINT_EPISODES) / ("miniimagenet-" + name + ".json")).episodes;
  };
  const auto five = read("val-5way-5shot-40"), one = read("val-5way-1shot-40"), few = read("val-5way-5shot-5");
  for (size_t k = 0; k < five.size(); ++k) {
    EXPECT_EQ(one[k].classes, five[k].classes);
    for (size_t c = 0; c < 5; ++c) EXPECT_EQ(one[k].support[c][0], five[k].support[c][0]);
  }
  for (size_t k = 0; k < few.size(); ++k) {
    EXPECT_EQ(few[k].classes, five[k].classes);
    EXPECT_EQ(few[k].support, five[k].support);
  }
  // Other episodes, drawn from other streams.
  EXPECT_NE(read("test-5way-5shot")[0].support, read("test-5way-5shot-b")[0].support);
}

TEST(EpisodeLists, AreReproducedByteForByte) {
  const std::string root = testing::DataRoot();
  if (root.empty()) GTEST_SKIP() << "TINT_DATA is not set: no list is drawn from the real miniImageNet";
  const auto test = OpenSplit(root, "miniimagenet", "test"), val = OpenSplit(root, "miniimagenet", "val");
  for (const fs::path& path : Lists()) {
    const EpisodeFile file = ReadEpisodeFile(path);
    if (file.dataset != "miniimagenet") continue;  // tests/demo draws the others
    EXPECT_EQ(testing::Sha256OfRedrawnEpisodes(file, file.split == "test" ? *test : *val), file.sha256) << path;
  }
}

}  // namespace
}  // namespace tint

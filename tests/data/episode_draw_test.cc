// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "prelude.h"
#include "small_data.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/data/episode_file.h"
#include "tint/data/task.h"

namespace tint {
namespace {

using testing::MemorySource;
using testing::NumberedFiles;

DrawOptions Small(uint64_t seed, int64_t count = 5) {
  return {.dataset = "birds", .split = "test", .ways = 3, .shots = 2, .queries = 0, .count = count, .seed = seed};
}

EpisodeFile Draw(const ImageSource& source, const DrawOptions& options) {
  TestFolder folder;
  testing::WriteAll(folder / "drawn.json", DrawEpisodes(source, options));
  return ReadEpisodeFile(folder / "drawn.json");
}

TEST(DrawEpisodes, WritesFilesThatTheReaderAccepts) {
  const MemorySource source(NumberedFiles(6, 10));
  const EpisodeFile file = Draw(source, Small(3));
  EXPECT_EQ(file.dataset, "birds");
  EXPECT_EQ(file.split, "test");
  EXPECT_EQ(file.seed, 3u);
  EXPECT_EQ(file.generator, "tint 0.1 philox");
  EXPECT_EQ(file.dataset_sha256, source.ContentSha256());
  ASSERT_EQ(file.episodes.size(), 5u);
  for (const Episode& episode : file.episodes) {
    EXPECT_TRUE(episode.query_rest);
    EXPECT_EQ(std::set<std::string>(episode.classes.begin(), episode.classes.end()).size(), 3u);
    ASSERT_EQ(episode.support.size(), 3u);
    for (const auto& support : episode.support) {
      EXPECT_EQ(std::set<std::string>(support.begin(), support.end()).size(), 2u);
    }
  }
  EXPECT_THAT(CheckEpisodes(file, source), IsEmpty());
}

TEST(DrawEpisodes, DependsOnTheSeedOnly) {
  const MemorySource source(NumberedFiles(6, 10));
  const std::string first = DrawEpisodes(source, Small(1));
  EXPECT_EQ(DrawEpisodes(source, Small(1)), first);
  const Json one = Json::parse(first), other = Json::parse(DrawEpisodes(source, Small(2)));
  for (size_t k = 0; k < 5; ++k) EXPECT_NE(one["episodes"][k], other["episodes"][k]) << k;
}

// The bytes that people have published must come out again: this hash changes only with the rule of drawing, and then
// the name of the generator has to change too.
TEST(DrawEpisodes, KeepsItsBytes) {
  const MemorySource source(NumberedFiles(6, 10));
  EXPECT_EQ(Sha256Hex(DrawEpisodes(source, Small(1))),
            "e8fa87acc012550ca7f01c02b35d321097efffe5d8c64421e950a26f676b0795");
}

TEST(DrawEpisodes, DrawsEpisodesIndependently) {
  const MemorySource source(NumberedFiles(8, 12));
  const Json five = Json::parse(DrawEpisodes(source, Small(9, 5)))["episodes"];
  const Json three = Json::parse(DrawEpisodes(source, Small(9, 3)))["episodes"];
  ASSERT_EQ(three.size(), 3u);
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(three[k], five[k]) << k;
  EXPECT_NE(five[0], five[1]);
}

// More shots or ways add to what fewer would have drawn.
TEST(DrawEpisodes, NestsWaysAndShots) {
  const MemorySource source(NumberedFiles(8, 12));
  DrawOptions more = Small(4);
  more.ways = 5;
  more.shots = 4;
  const EpisodeFile few = Draw(source, Small(4)), many = Draw(source, more);
  for (size_t k = 0; k < few.episodes.size(); ++k) {
    for (size_t c = 0; c < 3; ++c) {
      EXPECT_EQ(few.episodes[k].classes[c], many.episodes[k].classes[c]);
      EXPECT_TRUE(std::equal(few.episodes[k].support[c].begin(), few.episodes[k].support[c].end(),
                             many.episodes[k].support[c].begin()));
    }
  }
}

TEST(DrawEpisodes, DrawsQueriesApartFromSupports) {
  const MemorySource source(NumberedFiles(6, 10));
  DrawOptions options = Small(5, 20);
  options.queries = 8;  // with two supports all that there are
  const EpisodeFile file = Draw(source, options);
  for (const Episode& episode : file.episodes) {
    ASSERT_FALSE(episode.query_rest);
    for (size_t c = 0; c < 3; ++c) {
      std::set<std::string> all(episode.support[c].begin(), episode.support[c].end());
      all.insert(episode.query[c].begin(), episode.query[c].end());
      EXPECT_EQ(all.size(), 10u);
    }
  }
}

// Over 4,000 episodes each of 6 classes is one of 3 with chance 1/2, and each of 10 images one of 2 supports with
// chance 1/5. Five standard deviations of the binomial distribution.
TEST(DrawEpisodes, DrawsEveryClassAndImageEquallyOften) {
  const MemorySource source(NumberedFiles(6, 10));
  const Json episodes = Json::parse(DrawEpisodes(source, Small(11, 4000)))["episodes"];
  std::map<std::string, int> classes, images;
  for (const Json& episode : episodes) {
    for (size_t c = 0; c < 3; ++c) {
      const std::string name = episode["classes"][c];
      ++classes[name];
      for (const Json& file : episode["support"][c]) ++images[name + "/" + file.get<std::string>()];
    }
  }
  EXPECT_EQ(classes.size(), 6u);
  EXPECT_EQ(images.size(), 60u);
  for (const auto& [name, count] : classes) EXPECT_NEAR(count, 2000, 5 * std::sqrt(4000 * 0.25)) << name;
  for (const auto& [name, count] : images) EXPECT_NEAR(count, 400, 5 * std::sqrt(4000 * 0.1 * 0.9)) << name;
}

TEST(DrawEpisodes, RefusesMoreThanAvailable) {
  const MemorySource source(NumberedFiles(6, 10));
  auto error = [&](int64_t ways, int64_t shots, int64_t queries) {
    DrawOptions options = Small(0);
    options.ways = ways;
    options.shots = shots;
    options.queries = queries;
    return CatchError([&] { DrawEpisodes(source, options); });
  };
  EXPECT_THAT(error(7, 2, 0),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("ways"), HasSubstr("7"), HasSubstr("has 6"))));
  EXPECT_THAT(error(3, 10, 0), FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("n00"), HasSubstr("10 images"))));
  EXPECT_THAT(error(3, 2, 9), FailsWith(ExitCode::kBadInput, HasSubstr("at least 11")));
  EXPECT_THAT(error(0, 2, 0), FailsWith(ExitCode::kUsage, HasSubstr("ways")));
  EXPECT_THAT(error(3, 0, 0), FailsWith(ExitCode::kUsage, HasSubstr("shots")));
}

TEST(DrawEpisodes, DrawsFromMiniImageNet) {
  const std::string root = testing::DataRoot();
  if (root.empty()) GTEST_SKIP() << "TINT_DATA is not set: the real miniImageNet is not looked at";
  const std::shared_ptr<ImageSource> source = OpenSplit(root, "miniimagenet", "test");
  const DrawOptions options{.dataset = "miniimagenet", .split = "test", .count = 5, .seed = 1};
  const EpisodeFile file = Draw(*source, options);
  EXPECT_THAT(CheckEpisodes(file, *source), IsEmpty());
  const Task task = ResolveEpisode(file, 4, source, 0);
  ASSERT_EQ(task.classes.size(), 5u);
  size_t queries = 0;
  for (const TaskClass& one : task.classes) queries += one.query.size();
  EXPECT_EQ(queries, 2975u);  // 5 x (600 - 5)
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/data/episode_pmf.h"

#include "prelude.h"
#include "small_data.h"
#include "tint/base/json.h"

namespace tint {
namespace {

using testing::MemorySource;
using testing::NumberedFiles;

// Two episodes as PMF's repository has them; the second has other N, K and Q.
constexpr char kUnequal[] = R"([
  {"Support": [["n01/p000.png", "n01/p001.png"], ["n00/p003.png", "n00/p001.png"]],
   "Query": [["n01/p005.png"], ["n00/p000.png"]]},
  {"Support": [["n02/p000.png"], ["n01/p003.png", "n01/p001.png"], ["n00/p001.png"]],
   "Query": [["n02/p005.png", "n02/p001.png"], ["n01/p000.png"], ["n00/p002.png"]]}
])";

class Pmf : public testing::FolderTest {
 protected:
  EpisodeFile Import(const std::string& text) const {
    WriteAll(folder_ / "pmf.json", text);
    WriteAll(folder_ / "ours.json", ImportPmf(folder_ / "pmf.json", *source_, "d", "val"));
    return ReadEpisodeFile(folder_ / "ours.json");
  }
  EpisodeFile Draw(const DrawOptions& options) const {
    WriteAll(folder_ / "episodes.json", DrawEpisodes(*source_, options));
    return ReadEpisodeFile(folder_ / "episodes.json");
  }

  const std::shared_ptr<ImageSource> source_ = std::make_shared<MemorySource>(NumberedFiles(4, 6));
};

TEST_F(Pmf, IsReadWithUnequalCounts) {
  const EpisodeFile file = Import(kUnequal);
  EXPECT_EQ(file.dataset, "d");
  EXPECT_EQ(file.split, "val");
  EXPECT_EQ(file.generator, "pmf import");
  EXPECT_THAT(CheckEpisodes(file, *source_), ElementsAre());
  ASSERT_EQ(file.episodes.size(), 2u);
  EXPECT_THAT(file.episodes[0].classes, ElementsAre("n01", "n00"));
  EXPECT_THAT(file.episodes[0].support[1], ElementsAre("p003.png", "p001.png"));
  EXPECT_THAT(file.episodes[1].classes, ElementsAre("n02", "n01", "n00"));
  EXPECT_THAT(file.episodes[1].support[0], ElementsAre("p000.png"));
  EXPECT_THAT(file.episodes[1].query[0], ElementsAre("p005.png", "p001.png"));
  EXPECT_FALSE(file.episodes[1].query_rest);
}

TEST_F(Pmf, ExportAndImportRoundTrip) {
  const EpisodeFile file =
      Draw({.dataset = "d", .split = "val", .ways = 3, .shots = 2, .queries = 3, .count = 7, .seed = 5});
  const EpisodeFile again = Import(ExportPmf(file, nullptr));
  EXPECT_EQ(again.dataset_sha256, file.dataset_sha256);
  ASSERT_EQ(again.episodes.size(), 7u);
  for (size_t k = 0; k < 7; ++k) {
    EXPECT_EQ(again.episodes[k].classes, file.episodes[k].classes);
    EXPECT_EQ(again.episodes[k].support, file.episodes[k].support);
    EXPECT_EQ(again.episodes[k].query, file.episodes[k].query);
  }
}

TEST_F(Pmf, RestIsListed) {
  const EpisodeFile file = Draw({.dataset = "miniimagenet", .split = "val", .ways = 2, .shots = 1, .count = 1});
  const Episode& drawn = file.episodes[0];
  const Json item = Json::parse(ExportPmf(file, source_))[0];
  EXPECT_EQ(item["Support"][1], Json({drawn.classes[1] + "/" + drawn.support[1][0]}));
  ASSERT_EQ(item["Query"][1].size(), 5u);
  for (const Json& path : item["Query"][1]) EXPECT_NE(path, item["Support"][1][0]);
}

TEST_F(Pmf, IsNotWrittenWithUnequalCounts) {
  const EpisodeFile file = Import(kUnequal);
  EXPECT_THAT(CatchError([&] { ExportPmf(file, nullptr); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("ours.json: episodes[1]: has 3 classes; expected 2"),
                                                   HasSubstr("one number for all"))));
  EpisodeFile unequal = Import(kUnequal);
  unequal.episodes.resize(1);
  unequal.episodes[0].query[1].push_back("p005.png");
  EXPECT_THAT(CatchError([&] { ExportPmf(unequal, nullptr); }),
              FailsWith(ExitCode::kBadInput, AllOf(HasSubstr("episodes[0], class n00: has 2 queries; expected 1"),
                                                   HasSubstr("--queries N"))));
}

TEST_F(Pmf, IsReadStrictly) {
  const auto fails = [&](const std::string& from, const std::string& to,
                         const ::testing::Matcher<std::string>& message) {
    std::string text = kUnequal;
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    EXPECT_THAT(CatchError([&] { Import(text.replace(at, from.size(), to)); }),
                FailsWith(ExitCode::kBadInput, message));
  };
  fails("[\n", "{\n", HasSubstr("pmf.json:2:"));
  fails("n01/p000.png", "p000.png", AllOf(HasSubstr("pmf.json:2:17: "), HasSubstr("CLASS/FILE")));
  fails("n01/p000.png", "/n01/p000.png", HasSubstr("CLASS/FILE"));
  fails("n01/p000.png", "../p000.png", HasSubstr("pmf.json:2:17: "));
  fails("n01/p000.png", "n09/p000.png",
        AllOf(HasSubstr("class n09 is not in the data set"), HasSubstr("Did you mean")));
  fails("n01/p000.png", "n01/p009.png", AllOf(HasSubstr("pmf.json:2:17: "), HasSubstr("n01/p009.png is not in")));
  fails("n01/p001.png", "n01/p000.png", HasSubstr("appears twice in the episode"));
  fails("n01/p005.png", "n01/p000.png", AllOf(HasSubstr("pmf.json:3:"), HasSubstr("appears twice in the episode")));
  fails("n01/p001.png", "n02/p001.png", HasSubstr("is of class n02; expected an image of n01"));
  fails("[\"n01/p005.png\"], [", "[", HasSubstr("has 1 lists; expected 2"));
  fails("[\"n01/p005.png\"]", "[]", HasSubstr("is an empty list"));
  fails("Query", "Queries", HasSubstr("Queries"));
  fails("\"n01/p005.png\"", "7", HasSubstr("pmf.json:3:"));
}

}  // namespace
}  // namespace tint

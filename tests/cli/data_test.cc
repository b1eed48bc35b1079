// SPDX-License-Identifier: Apache-2.0
// Data sets and files of episodes, through the program.

#include "official_datasets.h"
#include "prelude.h"
#include "program.h"
#include "small_data.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/data/episode_file.h"

namespace tint::testing {
namespace {

class DataCommands : public testing::FolderTest {
 protected:
  // 20 classes of 12 files.
  void SetUp() override {
    std::vector<ZipEntry> entries;
    for (const auto& [name, files] : NumberedFiles(20, 12)) {
      for (const std::string& file : files) entries.push_back({"val/" + name + "/" + file, name + file});
    }
    WriteZip(folder_ / "mini/val.zip", entries);
  }
  Outcome Run(const std::vector<std::string>& arguments) const {
    return RunProgram(arguments, {{"TINT_DATA", folder_.path()}});
  }
  // tint episodes draw from mini:val.
  EpisodeFile Draw(const std::vector<std::string>& more) const {
    std::vector<std::string> arguments = {"episodes", "draw", "--dataset", "mini", "--split", "val", "--out", drawn_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome drawn = Run(arguments);
    EXPECT_EQ(drawn.code, 0) << drawn.err;
    return ReadEpisodeFile(drawn_);
  }

  const std::string drawn_ = folder_ / "drawn.json";
};

TEST_F(DataCommands, DrawOneShotAndTwentyWays) {
  const EpisodeFile one = Draw({"--shots", "1", "--count", "3"});
  ASSERT_EQ(one.episodes.size(), 3u);
  EXPECT_EQ(one.episodes[2].classes.size(), 5u);
  EXPECT_EQ(one.episodes[2].support[4].size(), 1u);
  const EpisodeFile many = Draw({"--ways", "20", "--shots", "10", "--count", "2", "--queries", "2"});
  EXPECT_EQ(many.episodes[1].classes.size(), 20u);
  EXPECT_EQ(many.episodes[1].support[19].size(), 10u);
  EXPECT_EQ(many.episodes[1].query[19].size(), 2u);
  EXPECT_EQ(Run({"episodes", "check", drawn_}).code, 0);
}

TEST_F(DataCommands, EpisodesGoToPmfAndBack) {
  const EpisodeFile file = Draw({"--shots", "2", "--queries", "3", "--count", "4"});
  const std::string pmf = folder_ / "pmf.json", again = folder_ / "again.json";
  const Outcome out = Run({"episodes", "export", "--format", "pmf", drawn_, "--out", pmf, "--json"});
  ASSERT_EQ(out.code, 0) << out.err;
  EXPECT_EQ(out.json(), Json({{"file", pmf}, {"sha256", Sha256Hex(ReadAll(pmf))}, {"episodes", 4}}));
  const Outcome in = Run(
      {"episodes", "import", "--format", "pmf", pmf, "--dataset", "mini", "--split", "val", "--out", again, "--json"});
  ASSERT_EQ(in.code, 0) << in.err;
  EXPECT_EQ(in.json()["episodes"], 4);
  const EpisodeFile back = ReadEpisodeFile(again);
  EXPECT_EQ(back.dataset_sha256, file.dataset_sha256);
  for (size_t k = 0; k < 4; ++k) {
    EXPECT_EQ(back.episodes[k].classes, file.episodes[k].classes);
    EXPECT_EQ(back.episodes[k].support, file.episodes[k].support);
    EXPECT_EQ(back.episodes[k].query, file.episodes[k].query);
  }
  // All that remains is written out as well.
  Draw({"--count", "1"});
  EXPECT_EQ(Run({"episodes", "export", "--format", "pmf", drawn_, "--out", pmf}).code, 0);
  EXPECT_EQ(Json::parse(ReadAll(pmf))[0]["Query"][4].size(), 7u);
}

TEST_F(DataCommands, EpisodesOfOtherToolsAreReadStrictly) {
  const std::string pmf = folder_ / "pmf.json", out = folder_ / "out.json";
  const auto import = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"episodes", "import", pmf, "--split", "val"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  };
  WriteAll(pmf, R"([{"Support": [["n00/p000.png"], ["n01/p000.png", "n01/p001.png"]],
                     "Query": [["n00/p001.png"], ["n01/p002.png"]]}])");
  const Outcome done = import({"--format", "pmf", "--dataset", "mini", "--out", out});
  EXPECT_EQ(done.code, 0) << done.err;
  const Outcome unequal = Run({"episodes", "export", "--format", "pmf", out, "--out", pmf});
  EXPECT_EQ(unequal.code, 65);
  EXPECT_THAT(unequal.err, AllOf(HasSubstr("class n01: has 2 supports; expected 1"), HasSubstr("one number for all")));
  for (const auto& [arguments, missing] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"--format", "pmf", "--dataset", "mini"}, "--out: not given"},
           {{"--format", "csv", "--dataset", "mini", "--out", out}, "csv"}}) {
    const Outcome refused = import(arguments);
    EXPECT_EQ(refused.code, 64);
    EXPECT_THAT(refused.err, HasSubstr(missing));
  }
  WriteAll(pmf, R"([{"Support": [["n00/p099.png"]], "Query": [["n00/p001.png"]]}])");
  const Outcome strange = import({"--format", "pmf", "--dataset", "mini", "--out", out});
  EXPECT_EQ(strange.code, 65);
  EXPECT_THAT(strange.err, HasSubstr("pmf.json:1:16: "));
}

TEST_F(DataCommands, OfficialFormsAreChecked) {
  WriteCub(folder_ / "CUB_200_2011", 8, 3);
  const Outcome cub = Run({"dataset", "check", "cub", "--json"});
  EXPECT_EQ(cub.code, 65);
  EXPECT_THAT(cub.err, HasSubstr("train has 4 classes, not 100"));
  const Json report = cub.json();
  EXPECT_EQ(report["splits"][0]["class_counts"][CubClass(2)], 3);
  EXPECT_EQ(report["splits"][0]["sizes"], Json({{"20x16", 12}}));
  EXPECT_EQ(report["near_splits"][1]["splits"], Json({"train", "test"}));
  WriteCifar(folder_ / "cifar-fs", 2, 1);
  const Json cifar = Run({"dataset", "check", "cifar-fs", "--json"}).json();
  EXPECT_EQ(cifar["splits"][2]["formats"], Json({{"raw", 60}}));
  EXPECT_THAT(cifar["deviations"], Contains("test/worm has 3 images, not 600"));
  // Lists of one's own: nothing to hold them against.
  for (const auto& [split, class_idx] : std::map<std::string, int>{{"train", 0}, {"val", 2}, {"test", 5}})
    WriteAll(folder_ / ("cub/" + split + ".txt"), CubClass(class_idx) + "\n");
  const Outcome own = Run({"dataset", "check", "cub-center"});
  EXPECT_EQ(own.code, 0) << own.err;
  EXPECT_THAT(own.out, AllOf(HasSubstr("3 of 30x30 pixels"), HasSubstr("train and test: ")));
}

TEST_F(DataCommands, TheDrawnWorldIsADataSetLikeAnyOther) {
  const Outcome drawn = Run({"dataset", "synthesize", "--images-per-class", "8", "--json", "--progress", "none"});
  ASSERT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_EQ(drawn.json()["images"], 800);
  EXPECT_EQ(Run({"dataset", "synthesize", "--images-per-class", "9"}).code, 65);
  EXPECT_EQ(Run({"dataset", "synthesize", "--splits", "train,nest"}).code, 64);
  EXPECT_EQ(Run({"dataset", "synthesize", "--side", "33"}).code, 64);
  const Outcome checked = Run({"dataset", "check", "demo", "--json"});
  ASSERT_EQ(checked.code, 0) << checked.err;
  EXPECT_EQ(checked.json()["splits"][0]["classes"], 64);
  const Outcome list = Run({"episodes", "draw", "--dataset", "demo", "--count", "2", "--out", folder_ / "demo.json"});
  EXPECT_EQ(list.code, 0) << list.err;
}

}  // namespace
}  // namespace tint::testing

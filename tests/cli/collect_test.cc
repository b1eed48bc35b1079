// SPDX-License-Identifier: Apache-2.0
// Episodes of a data set in folders, one after another, and the table over them.

#include "prelude.h"
#include "small_episodes.h"
#include "tint/base/json.h"
#include "tint/statistics/interval.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;

class Episodes : public SmallEpisodes {
 protected:
  static void SetUpTestSuite() { DrawEpisodes("test"); }
};

TEST_F(Episodes, AreCollectedWithIntervalAndMissingOnes) {
  EXPECT_EQ(Tint({"episodes", "check", world_ / "episodes.json"}).code, 0);
  std::vector<double> accuracies;
  for (const int episode : {0, 2}) {
    const Outcome outcome = Specialize(episode, "run");
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    const Json json = outcome.json();
    EXPECT_EQ(json["episode"], episode);
    EXPECT_EQ(json["queries"], 6);  // 4 images a class, 2 of them supports
    accuracies.push_back(json["accuracy"]);
  }
  const Outcome outcome = Tint({"collect", world_ / "run", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json report = outcome.json();
  const Interval interval = StudentInterval(accuracies);
  EXPECT_DOUBLE_EQ(report["accuracy"], interval.mean);
  EXPECT_DOUBLE_EQ(report["interval"], interval.half_width);
  EXPECT_EQ(report["missing"], Json({1}));
  EXPECT_EQ(report["episodes"], 2);
  EXPECT_EQ(report["split"], "test");
  EXPECT_EQ(report["ways"], 3);
  EXPECT_EQ(report["shots"], 2);
  EXPECT_EQ(report["episodes_in_file"], 3);
  EXPECT_THAT(Tint({"collect", world_ / "run"}).out, HasSubstr("2 of 3 episodes, missing: 1; not publishable"));

  // Another configuration in the same run folder is not mixed in.
  ASSERT_EQ(Specialize(0, "run", {"--distill.learning-rate", "0.01"}).code, 0);
  const Outcome mixed = Tint({"collect", world_ / "run"});
  EXPECT_EQ(mixed.code, 65);
  EXPECT_THAT(mixed.err, HasSubstr("learning-rate"));
  const std::string configuration = report["configuration_sha256"];
  const Outcome chosen = Tint({"collect", world_ / "run", "--configuration", configuration.substr(0, 12), "--json"});
  EXPECT_EQ(chosen.json()["accuracy"], report["accuracy"]);
}

// Two machines, a folder or a file each, one table.
TEST_F(Episodes, ComputedInTwoPlacesAreOneRow) {
  for (const int episode : {0, 1, 2}) ASSERT_EQ(Specialize(episode, "whole").code, 0);
  const Json whole = Tint({"collect", world_ / "whole", "--json"}).json();
  for (const auto& [run, numbers] : {std::pair{"here", std::vector<int>{2, 0}}, {"there", {1}}}) {
    for (const int episode : numbers) ASSERT_EQ(Specialize(episode, run).code, 0);
  }
  WriteAll(world_ / "there.json", Tint({"collect", world_ / "there", "--json"}).out);
  const Outcome outcome = Tint({"collect", world_ / "here", world_ / "there.json", "--merge", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  Json joined = outcome.json();
  EXPECT_EQ(joined["missing"], Json::array());
  EXPECT_EQ(joined["path"], (world_ / "here").string() + " + " + (world_ / "there.json").string());
  joined["path"] = whole["path"];
  EXPECT_EQ(joined, whole);
  // What was printed is a result again.
  WriteAll(world_ / "whole.json", Tint({"collect", world_ / "whole", "--json"}).out);
  Json again = Tint({"collect", world_ / "whole.json", "--json"}).json();
  again["path"] = whole["path"];
  EXPECT_EQ(again, whole);

  const Outcome twice = Tint({"collect", world_ / "whole", world_ / "there.json", "--merge"});
  EXPECT_EQ(twice.code, 65);
  EXPECT_THAT(twice.err, HasSubstr("two results of episode 1"));
  ASSERT_EQ(Specialize(0, "other", {"--distill.learning-rate", "0.01"}).code, 0);
  const Outcome other = Tint({"collect", world_ / "other", world_ / "there.json", "--merge"});
  EXPECT_EQ(other.code, 65);
  EXPECT_THAT(other.err, HasSubstr("learning-rate"));
}

// Base images are the same in all episodes of a table.
TEST_F(Episodes, OtherBaseImagesAreAnotherConfiguration) {
  ASSERT_EQ(Specialize(0, "bases").code, 0);
  fs::create_directories(world_ / "data/fewer");
  fs::copy(world_ / "base", world_ / "data/fewer/train", fs::copy_options::recursive);
  fs::remove(fs::directory_iterator(fs::directory_iterator(world_ / "data/fewer/train")->path())->path());
  ASSERT_EQ(Specialize(1, "bases", {"--base", "fewer:train"}).code, 0);
  const Outcome outcome = Tint({"collect", world_ / "bases"});
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("base images"));
}

TEST_F(Episodes, CollectRefusesAnEmptyRunAndACountThatPredictionsDoNotBear) {
  EXPECT_EQ(Tint({"collect", world_ / "no-run"}).code, 66);
  ASSERT_EQ(Specialize(1, "edited").code, 0);
  const fs::path result = fs::directory_iterator(world_ / "edited/episodes/0001/evaluate")->path() / "result.json";
  std::string text = ReadAll(result);
  const size_t place = text.find("\"accuracy\"");
  ASSERT_NE(place, std::string::npos);
  text.replace(text.find(':', place) + 1, 1, "9");
  WriteAll(result, text);
  const Outcome outcome = Tint({"collect", world_ / "edited"});
  EXPECT_EQ(outcome.code, 76);
  EXPECT_THAT(outcome.err, HasSubstr("result.json"));
}

// A data set in folders is compared with the episodes' hash when queries may be opened: in evaluate, and in episodes
// check. What was learned until then stays.
TEST_F(Episodes, AChangedDataSetIsFoundByEvaluate) {
  const fs::path file = fs::directory_iterator(world_ / "data/shapes/test/red-disc")->path();
  const std::string whole = ReadAll(file);
  WriteAll(file, whole + "x");
  const Outcome check = Tint({"episodes", "check", world_ / "episodes.json"});
  EXPECT_EQ(check.code, 65);
  EXPECT_THAT(check.err, HasSubstr("different content"));
  const Outcome outcome = Specialize(0, "changed");
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("dataset_sha256"));
  WriteAll(file, whole);
  // Had the photo been a support, its stages are redone; in any case the row ends.
  EXPECT_EQ(Specialize(0, "changed").code, 0);
}

// Without --episodes: the list that comes with the data set; there is none for this one.
TEST_F(Episodes, ADataSetWithoutShippedListSaysHowToDrawOne) {
  const Outcome outcome =
      Tint({"specialize", "--dataset", "shapes", "--models", world_ / "models", "--run", world_ / "shipped"});
  EXPECT_EQ(outcome.code, 64);
  EXPECT_THAT(outcome.err, HasSubstr("tint episodes draw"));
}

}  // namespace
}  // namespace tint::testing

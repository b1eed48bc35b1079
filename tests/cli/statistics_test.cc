// SPDX-License-Identifier: Apache-2.0
// plan, compare and collect on result files, as their users meet them.

#include <cmath>
#include <functional>
#include <optional>

#include "prelude.h"
#include "program.h"
#include "tint/analysis/collect.h"
#include "tint/analysis/plan.h"
#include "tint/analysis/results.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/statistics/bootstrap.h"
#include "tint/statistics/plan.h"

namespace tint::testing {
namespace {

using Arguments = std::vector<std::string>;

// Episodes of two of four classes, 10 queries each; episode e has right[e][0] and right[e][1] right answers.
std::vector<EpisodeScore> Scores(const std::vector<std::vector<int64_t>>& right) {
  std::vector<EpisodeScore> scores;
  for (size_t e = 0; e < right.size(); ++e)
    scores.push_back(ScoreOf(e, {{"n" + std::to_string(e % 4), 10, right[e][0]},
                                 {"n" + std::to_string((e + 1 + e / 4) % 4), 10, right[e][1]}}));
  return scores;
}

Json ResultJson(const std::vector<EpisodeScore>& scores, const Json& more = {}) {
  Json json = {{"schema", 1},
               {"dataset", "miniimagenet"},
               {"split", "test"},
               {"method", "nearest-centroid"},
               {"episodes_sha256", Sha256Hex("episodes")},
               {"episodes_in_file", scores.size()},
               {"accuracy", StudentInterval(AccuraciesOf(scores)).mean},
               {"interval", nullptr},
               {"per_episode", Json::array()},
               {"configuration", {{"method", "nearest-centroid"}, {"steps", 0}}}};
  for (const EpisodeScore& score : scores) {
    Json classes = Json::array();
    for (const ClassScore& one : score.classes)
      classes.push_back({{"class", one.name}, {"queries", one.queries}, {"right", one.correct}});
    json["per_episode"].push_back({{"episode", score.episode_idx},
                                   {"accuracy", score.accuracy},
                                   {"queries", score.queries},
                                   {"classes", classes}});
  }
  if (more.is_object()) json.update(more);
  return json;
}

const std::vector<EpisodeScore> kScores = Scores({{8, 9}, {7, 10}, {9, 6}, {5, 8}, {10, 9}, {7, 7}});

class ResultFile : public testing::FolderTest {
 protected:
  std::string Write(const std::string& name, const Json& json) const {
    WriteAll(folder_ / name, json.dump(2));
    return folder_ / name;
  }
};

TEST_F(ResultFile, IsCollectedWithBothIntervals) {
  const std::string file = Write("a.json", ResultJson(kScores));
  const Outcome outcome = RunProgram({"collect", file, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json report = outcome.json();
  const Interval student = StudentInterval(AccuraciesOf(kScores));
  const BootstrapInterval bootstrap = ClassBootstrap(kScores);
  EXPECT_DOUBLE_EQ(report["accuracy"], student.mean);
  EXPECT_DOUBLE_EQ(report["interval"], student.half_width);
  EXPECT_DOUBLE_EQ(report["bootstrap"][0], bootstrap.low);
  EXPECT_DOUBLE_EQ(report["bootstrap"][1], bootstrap.high);
  EXPECT_EQ(report["classes"], 4);
  EXPECT_EQ(report["published"], nullptr);  // 2 ways
  EXPECT_THAT(RunProgram({"collect", file}).out, AllOf(HasSubstr("2000 replicates"), HasSubstr("6 episodes (paper")));
  const Json other = RunProgram({"collect", file, "--seed", "1", "--replicates", "500", "--json"}).json();
  EXPECT_DOUBLE_EQ(other["bootstrap"][0], ClassBootstrap(kScores, {.replicates = 500, .seed = 1}).low);
}

// Five ways, five shots, 120 episodes of the test split with Conv4: the paper's 80.29 +- 1.14.
Json PublishedSetting(const std::string& student, const std::string& dataset) {
  std::vector<EpisodeScore> scores;
  for (uint64_t e = 0; e < 120; ++e) {
    std::vector<ClassScore> classes;
    for (uint64_t c = 0; c < 5; ++c)
      classes.push_back(
          {"n" + std::to_string((4 * c + e) % 20), 595, static_cast<int64_t>(450 + (e * 7 + c * 3) % 50)});
    scores.push_back(ScoreOf(e, classes));
  }
  return ResultJson(scores, {{"student", student}, {"dataset", dataset}, {"shots", 5}, {"queries_per_class", 0}});
}

TEST_F(ResultFile, StandsBesideThePublishedValue) {
  const struct {
    const char *dataset, *student;
    double accuracy, half_width;
  } rows[] = {{"miniimagenet", "conv4", 80.29, 1.14}, {"cub", "conv4", 89.56, 0.80},
              {"cifar-fs", "conv4", 85.43, 1.03},     {"miniimagenet", "resnet12", 93.13, 0.50},
              {"cub", "resnet12", 94.57, 0.60},       {"cifar-fs", "resnet12", 93.18, 0.86}};
  Arguments arguments = {"collect", "--json"};
  for (const auto& row : rows)
    arguments.push_back(
        Write(std::string(row.dataset) + row.student + ".json", PublishedSetting(row.student, row.dataset)));
  const Json reports = RunProgram(arguments).json()["results"];
  ASSERT_EQ(reports.size(), std::size(rows));
  for (size_t k = 0; k < std::size(rows); ++k) {
    EXPECT_NEAR(reports[k]["published"]["accuracy"], rows[k].accuracy / 100, 1e-12) << k;
    EXPECT_NEAR(reports[k]["published"]["interval"], rows[k].half_width / 100, 1e-12) << k;
    EXPECT_EQ(reports[k]["deviations"], Json({"method nearest-centroid (paper: tint, the whole pipeline)"}));
  }
}

TEST_F(ResultFile, OfAnotherSettingHasNoPublishedValue) {
  const Results paper = ReadResults(Write("paper.json", PublishedSetting("conv4", "miniimagenet")));
  ASSERT_TRUE(FindPublished(paper).has_value());
  Results other = paper;
  other.shots = 1;
  EXPECT_FALSE(FindPublished(other).has_value());
  other = paper;
  other.split = "val";
  EXPECT_FALSE(FindPublished(other).has_value());
  EXPECT_THAT(DeviationsFromPaper(other).back(), HasSubstr("split val"));
  other = paper;
  other.student = "teacher";
  EXPECT_FALSE(FindPublished(other).has_value());
}

TEST_F(ResultFile, MakesRowsInEveryFormat) {
  Json second = PublishedSetting("conv4", "miniimagenet");
  second["per_episode"].erase(7);
  double sum = 0;
  for (const Json& episode : second["per_episode"]) sum += episode["accuracy"].get<double>();
  second["accuracy"] = sum / 119;
  second["queries_per_class"] = 595;
  second["disclosure"] = {
      {"teacher", {{"source", "a paper"}, {"licence", "MIT"}, {"training_data", "all of ImageNet"}}}};
  const std::string a = Write("a_1.json", ResultJson(kScores)), b = Write("b.json", second);
  const auto table = [&](const std::string& format) {
    const Outcome outcome = RunProgram({"collect", a, b, "--format", format});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  };
  EXPECT_THAT(table("text"), AllOf(HasSubstr("80.29 +- 1.14"), HasSubstr("119 of 120"), HasSubstr("5-way 5-shot"),
                                   HasSubstr("not publishable: 119 of 120 episodes, missing: 7"),
                                   HasSubstr("at most 595 queries per class"),
                                   HasSubstr("teacher (a paper): training data: all of ImageNet")));
  EXPECT_THAT(table("markdown"), AllOf(HasSubstr("| 80.29 ± 1.14 |"), HasSubstr("|---|"), HasSubstr("a\\_1.json"),
                                       HasSubstr("- "), HasSubstr("not publishable")));
  EXPECT_THAT(table("latex"), AllOf(HasSubstr("80.29 $\\pm$ 1.14"), HasSubstr("\\begin{tabular}"),
                                    HasSubstr("a\\_1.json"), HasSubstr("accuracy \\%"), HasSubstr("not publishable")));
  const std::string csv = table("csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3);
  EXPECT_THAT(csv, AllOf(HasSubstr(",no,"), HasSubstr(",0.8029,0.0114,"), HasSubstr("result,method,student")));
  const Json json = RunProgram({"collect", a, b, "--json"}).json();
  EXPECT_EQ(json["results"].size(), 2u);
  EXPECT_EQ(json["results"][1]["missing"], Json({7}));
  const Outcome wrong = RunProgram({"collect", a, "--format", "latx"});
  EXPECT_EQ(wrong.code, 64);
  EXPECT_THAT(wrong.err, HasSubstr("latex"));
}

TEST_F(ResultFile, DisclosesWhatItsBackboneHasSeen) {
  const auto lines = [&](const Json& more) {
    return DisclosureLines(ReadResults(Write("seen.json", ResultJson(kScores, more))));
  };
  EXPECT_EQ(lines({{"backbone", "teacher"}, {"source", "a paper"}, {"training_data", "all classes"}}),
            Arguments{"teacher (a paper): training data: all classes"});
  EXPECT_EQ(lines({{"backbone", "student-conv4"}, {"training_data", nullptr}}),
            Arguments{"student-conv4: training data: unknown"});
  EXPECT_EQ(lines({}), Arguments{});
}

TEST_F(ResultFile, IsBelievedOnlyWhereItsCountsAgree) {
  const auto error = [&](const std::function<void(Json&)>& spoil) {
    Json json = ResultJson(kScores);
    spoil(json);
    const std::string file = Write("bad.json", json);
    return CatchError([&] { ReadResults(file); });
  };
  EXPECT_THAT(error([](Json& json) { json["accuracy"] = 0.9; }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("the episodes' mean")));
  EXPECT_THAT(error([](Json& json) { json["per_episode"][2]["accuracy"] = 0.9; }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("computed from the classes")));
  EXPECT_THAT(error([](Json& json) { json["per_episode"][2]["queries"] = 30; }),
              FailsWith(ExitCode::kCorrupt, HasSubstr("computed from the classes")));
  EXPECT_THAT(error([](Json& json) { json["per_episode"][2]["classes"][0]["right"] = 11; }),
              FailsWith(ExitCode::kBadInput, HasSubstr("right")));
  EXPECT_THAT(error([](Json& json) { json["per_episode"][2]["episode"] = 1; }),
              FailsWith(ExitCode::kBadInput, HasSubstr("two results of episode 1")));
  EXPECT_THAT(error([](Json& json) { json["per_episode"][2]["episode"] = 6; }),
              FailsWith(ExitCode::kBadInput, HasSubstr("episode")));
  EXPECT_THAT(error([](Json& json) { json.erase("episodes_sha256"); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("episodes_sha256")));
  EXPECT_THAT(error([](Json& json) { json["schema"] = 2; }), FailsWith(ExitCode::kBadInput, HasSubstr("schema")));
  EXPECT_THAT(error([](Json& json) { json["per_episode"] = Json::array(); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("no result")));
  EXPECT_THAT(CatchError([&] { ReadResults(Write("a.json", ResultJson(kScores)), "123"); }),
              FailsWith(ExitCode::kMissingInput, HasSubstr("configuration 123")));
  EXPECT_EQ(RunProgram({"collect", folder_ / "absent.json"}).code, 66);
}

TEST_F(ResultFile, IsComparedInPairs) {
  const auto better = Scores({{9, 9}, {9, 10}, {9, 8}, {5, 9}, {10, 10}, {8, 7}});
  const std::string a = Write("a.json", ResultJson(better, {{"configuration", {{"method", "x"}, {"steps", 3}}}}));
  const std::string b = Write("b.json", ResultJson(kScores));
  const Outcome outcome = RunProgram({"compare", a, b, "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  const PairedDifference expected = ComparePaired(better, kScores);
  EXPECT_DOUBLE_EQ(json["difference"], expected.student.mean);
  EXPECT_DOUBLE_EQ(json["interval"], expected.student.half_width);
  EXPECT_DOUBLE_EQ(json["bootstrap"][0], expected.bootstrap.low);
  EXPECT_NEAR(json["mean_a"].get<double>() - json["mean_b"].get<double>(), expected.student.mean, 1e-12);
  EXPECT_EQ(json["per_episode"].size(), 6u);
  EXPECT_THAT(json["configuration_differences"].dump(), AllOf(HasSubstr("steps: 3 -> 0"), Not(HasSubstr("dataset"))));
  const Outcome text = RunProgram({"compare", b, a});
  EXPECT_THAT(text.out, AllOf(HasSubstr("mean"), HasSubstr("Student t of the differences"), HasSubstr("steps")));
}

TEST_F(ResultFile, IsNotComparedWithOtherEpisodes) {
  const std::string a = Write("a.json", ResultJson(kScores));
  const std::string other = Write("other.json", ResultJson(kScores, {{"episodes_sha256", Sha256Hex("others")}}));
  const Outcome refused = RunProgram({"compare", a, other});
  EXPECT_EQ(refused.code, 65);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("a.json"), HasSubstr("other.json"), HasSubstr("episodes")));
  auto fewer = kScores;
  fewer[3] = ScoreOf(3, {{fewer[3].classes[0].name, 5, 4}, fewer[3].classes[1]});
  const Outcome queries = RunProgram({"compare", a, Write("fewer.json", ResultJson(fewer))});
  EXPECT_EQ(queries.code, 65);
  EXPECT_THAT(queries.err, AllOf(HasSubstr("episode 3"), HasSubstr("10 and 5 queries")));
  // Episodes that one lacks are left out and told.
  auto some = kScores;
  some.erase(some.begin() + 1);
  const Json json =
      RunProgram({"compare", a, Write("some.json", ResultJson(some, {{"episodes_in_file", 6}})), "--json"}).json();
  EXPECT_EQ(json["episodes"], 5);
  EXPECT_EQ(json["unpaired"], Json({1}));
  EXPECT_EQ(json["publishable"], false);
}

TEST_F(ResultFile, TellsHowManyEpisodesAreNeeded) {
  const std::string file = Write("a.json", ResultJson(kScores));
  const Json json = RunProgram({"plan", file, "--half-width", "0.02", "--json"}).json();
  const Moments moments = SampleMoments(AccuraciesOf(kScores));
  const double sigma_squared = UnbiasedVariance(moments.variance, moments.mean, 20);
  EXPECT_NEAR(json["sigma"], std::sqrt(std::max(0.0, sigma_squared)), 1e-12);
  EXPECT_EQ(json["queries_per_episode"], 20);
  EXPECT_EQ(json["episodes"],
            EpisodesForHalfWidth(std::max(moments.variance, moments.mean * (1 - moments.mean) / 20), 0.02));
  const Json more =
      RunProgram({"plan", file, "--queries-per-episode", "2000", "--half-width", "0.02", "--json"}).json();
  EXPECT_LT(more["episodes"], json["episodes"]);
}

TEST(Plan, FromFiguresAndPublishedIntervals) {
  const auto plan = [](const PlanOptions& options) { return MakePlan(options, std::nullopt); };
  // The published width with the published number of episodes' deviation needs the published number of episodes.
  EXPECT_EQ(plan({.published = "0.0048,600", .half_width = 0.0048001}).episodes, 600);
  EXPECT_EQ(plan({.published = "0.0050,120", .half_width = 0.0050001}).episodes, 120);
  const Plan conv4 = plan({.published = "0.0114,120"});
  EXPECT_NEAR(conv4.episode_deviation, 0.063, 5e-4);
  EXPECT_EQ(conv4.episodes, EpisodesForHalfWidth(std::pow(DeviationOfInterval(0.0114, 120), 2), 0.005));
  EXPECT_FALSE(conv4.sigma.has_value());
  const Plan more = plan({.mean = 0.865, .published = "0.0048,600,75", .queries_per_episode = 2975});
  const double sigma_squared = UnbiasedVariance(std::pow(DeviationOfInterval(0.0048, 600), 2), 0.865, 75);
  EXPECT_NEAR(*more.sigma, std::sqrt(sigma_squared), 1e-12);
  EXPECT_EQ(more.episodes,
            EpisodesForHalfWidth(EpisodeVariance({.mean = 0.865, .variance = sigma_squared}, 2975), 0.005));
  const Json figures =
      RunProgram({"plan", "--mean", "0.8", "--sigma", "0.06", "--queries-per-episode", "75", "--json"}).json();
  EXPECT_EQ(figures["episodes"], EpisodesForHalfWidth(0.0036 + (0.16 - 0.0036) / 75, 0.005));
  EXPECT_EQ(figures["episodes_with_all_queries"], EpisodesForHalfWidth(0.0036, 0.005));
  EXPECT_THAT(RunProgram({"plan", "--published", "0.0114,120"}).out, HasSubstr("episodes for +- 0.500 points"));
}

TEST(Plan, RefusesWhatItCannotPlanFrom) {
  const auto message = [](const PlanOptions& options) {
    const Error error = CatchError([&] { MakePlan(options, std::nullopt); });
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return std::string(error.what());
  };
  EXPECT_THAT(message({}), HasSubstr("no input given"));
  EXPECT_THAT(message({.sigma = 0.06, .published = "0.0048,600"}), HasSubstr("more than one"));
  EXPECT_THAT(message({.sigma = 0.06, .queries_per_episode = 75}), HasSubstr("--mean"));
  EXPECT_THAT(message({.mean = 0.8, .sigma = 0.06}), HasSubstr("--queries-per-episode"));
  EXPECT_THAT(message({.mean = 0.9, .sigma = 0.45, .queries_per_episode = 75}), HasSubstr("sqrt"));
  EXPECT_THAT(message({.published = "0.48,600"}), HasSubstr("0.0048"));
  EXPECT_THAT(message({.published = "0.0048,6x"}), HasSubstr("6x"));
  EXPECT_THAT(message({.published = "0.0048,600,75", .queries_per_episode = 100}), HasSubstr("--mean"));
  EXPECT_EQ(RunProgram({"plan"}).code, 64);
}

}  // namespace
}  // namespace tint::testing

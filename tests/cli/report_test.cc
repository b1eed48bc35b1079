// SPDX-License-Identifier: Apache-2.0
// tint report on a row's run, on several configurations, and on files of results.

#include <regex>

#include "../report/svg.h"
#include "prelude.h"
#include "small_episodes.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint::testing {
namespace {

namespace fs = std::filesystem;
using Arguments = std::vector<std::string>;

// Three episodes of a validation split, of which 0 and 2 are scored, with accuracies over steps.
class ReportOfARun : public SmallEpisodes {
 protected:
  static void SetUpTestSuite() {
    DrawEpisodes("val");
    for (const int episode : {0, 2}) ASSERT_EQ(Specialize(episode, "run").code, 0);
  }

  static Outcome Specialize(int episode, const std::string& run, Arguments more = {}) {
    more.insert(more.end(), {"--distill.evaluate-every", "10"});
    return SmallEpisodes::Specialize(episode, run, more);
  }
  static fs::path StageFolder(const std::string& episode, const std::string& stage) {
    return fs::directory_iterator(world_ / "run/episodes" / episode / stage)->path();
  }
};

size_t Count(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

TEST_F(ReportOfARun, IsOnePageBesideItsCurves) {
  const Outcome outcome = Tint({"report", world_ / "run", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["report"], (world_ / "run/report/index.html").string());
  EXPECT_EQ(json["results"][0]["missing"], Json({1}));
  const std::string html = ReadAll(world_ / "run/report/index.html");
  for (const char* section : {"accuracy", "curves", "images", "cost", "provenance"})
    EXPECT_THAT(html, HasSubstr(std::string("<section id=\"") + section + "\"")) << section;
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("src=\"http")), Not(HasSubstr("href=\"http"))));
  // The numbers are collect's.
  const Json collected = Tint({"collect", world_ / "run", "--json"}).json();
  char mean[32];
  std::snprintf(mean, sizeof mean, "%.2f ± %.2f", 100 * collected["accuracy"].get<double>(),
                100 * collected["interval"].get<double>());
  EXPECT_THAT(html, HasSubstr(std::string(">") + mean + "<"));
  EXPECT_THAT(html, HasSubstr("1 of 3 episodes are missing: 1."));
  EXPECT_EQ(CountMarks(html, "chart-strip"), 2u + 1u) << "two episodes and their mean";
  // Of two episodes of three classes: photos, enlarged ones, the autoencoder's, reconstructions, generated ones.
  EXPECT_EQ(Count(html, "src=\"data:image/png;base64,"), 2u * 3u * 5u);
  for (const char* title : {"Textual inversion", "Null-text inversion", "Distillation", "Accuracy over distillation"})
    EXPECT_THAT(html, HasSubstr(std::string("<h4>") + title + "</h4>"));
  EXPECT_EQ(Tint({"verify", world_ / "run"}).code, 0);
}

TEST_F(ReportOfARun, HasTheCurvesOfTheStages) {
  ASSERT_EQ(Tint({"report", world_ / "run"}).code, 0);
  std::map<std::string, std::vector<double>> values;
  for (const std::string& line : Split(ReadAll(world_ / "run/report/curves.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json one = Json::parse(line);
    ASSERT_TRUE(one.contains("episode") && one.contains("stage") && one.contains("class") && one.contains("step"));
    if (one["episode"] != 2) continue;
    const std::string class_name = one["class"].is_null() ? "" : one["class"].get<std::string>();
    auto& some = values[one["stage"].get<std::string>() + " " + class_name + " " + one["name"].get<std::string>()];
    some.push_back(one["value"]);
    if (one["stage"] == "textual-inversion") {
      EXPECT_EQ(one["step"], some.size());
    }
  }
  const Json words = Json::parse(ReadAll(StageFolder("0002", "textual-inversion") / "loss.json"));
  for (const auto& [name, losses] : words.items())
    EXPECT_EQ(Json(values["textual-inversion " + name + " loss"]), losses);
  const Json sources = Json::parse(ReadAll(StageFolder("0002", "distill") / "loss.json"));
  for (const auto& [name, losses] : sources.items()) EXPECT_EQ(Json(values["distill  loss/" + name]), losses);
  EXPECT_EQ(values["distill  accuracy"].size(), 2u);  // 20 steps
  const std::string name = words.begin().key();
  EXPECT_EQ(values["null-text-inversion " + name + " loss/photo-1"].size(), 10u);
  const std::string events = ReadAll(world_ / "run/report/tensorboard/episode-2/events.out.tfevents.tint");
  EXPECT_THAT(events, AllOf(HasSubstr("brain.Event:2"), HasSubstr("textual-inversion/loss/" + name),
                            HasSubstr("distill/accuracy")));
}

TEST_F(ReportOfARun, IsMadeAnewWithTheSameBytes) {
  ASSERT_EQ(Tint({"report", world_ / "run"}).code, 0);
  const fs::path page = world_ / "run/report/index.html";
  const std::string first = ReadAll(page);
  WriteAll(page, "another");
  const Outcome planned = Tint({"report", world_ / "run", "--dry-run", "--json"});
  EXPECT_EQ(planned.json()["dry_run"], true);
  EXPECT_EQ(ReadAll(page), "another");
  ASSERT_EQ(Tint({"report", world_ / "run"}).code, 0);
  EXPECT_EQ(ReadAll(page), first);
  for (const auto& entry : fs::recursive_directory_iterator(world_ / "run/report"))
    EXPECT_FALSE(entry.path().filename().string().starts_with(".tmp")) << entry.path();
}

TEST_F(ReportOfARun, ComparesTheConfigurationsOfARun) {
  fs::copy(world_ / "run", world_ / "two", fs::copy_options::recursive);
  ASSERT_EQ(Specialize(0, "two", {"--distill.learning-rate", "0.01"}).code, 0);
  const Outcome outcome = Tint({"report", world_ / "two", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["results"].size(), 2u);
  const std::string html = ReadAll(world_ / "two/report/index.html");
  EXPECT_THAT(html, AllOf(HasSubstr("<section id=\"comparison\""), HasSubstr("A - B"), HasSubstr("learning-rate")));
  EXPECT_TRUE(fs::exists(world_ / "two/report/tensorboard/B"));
}

TEST_F(ReportOfARun, CallsConfigurationsByTheirNames) {
  fs::copy(world_ / "run", world_ / "named", fs::copy_options::recursive);
  ASSERT_EQ(Specialize(0, "named", {"--distill.learning-rate", "0.01"}).code, 0);
  ASSERT_EQ(Tint({"report", world_ / "named"}).code, 0);
  const std::string plain = ReadAll(world_ / "named/report/index.html");
  std::vector<std::string> keys;
  const std::regex heading("[AB]: [^<]*, configuration ([0-9a-f]{12})");
  for (std::sregex_iterator at(plain.begin(), plain.end(), heading), end; at != end; ++at) {
    if (std::count(keys.begin(), keys.end(), (*at)[1]) == 0) keys.push_back((*at)[1]);
  }
  ASSERT_EQ(keys.size(), 2u);
  const Outcome outcome =
      Tint({"report", world_ / "named", "--json", "--name", keys[0] + "=slow", "--name", keys[1] + "=fast"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["results"][1]["name"], "fast");
  const std::string html = ReadAll(world_ / "named/report/index.html");
  EXPECT_THAT(html, AllOf(HasSubstr("slow - fast"), HasSubstr("accuracy of fast"), HasSubstr("fast: "),
                          Not(HasSubstr("A - B")), Not(HasSubstr("A: "))));
  for (const std::string& wrong : {std::string("slow"), std::string("0123456789ab=slow"), "=" + keys[0]}) {
    const Outcome refused = Tint({"report", world_ / "named", "--name", wrong});
    EXPECT_EQ(refused.code, 64) << wrong;
    EXPECT_THAT(refused.err, HasSubstr("--name " + wrong));
  }
}

// A run of your own photos without queries, and one in which a stage failed half-way, have something to show.
TEST_F(ReportOfARun, ShowsWhatThereIsBeforeAnythingIsScored) {
  const Outcome row = Tint({"super-resolve", "--support", world_ / "support", "--models", world_ / "models", "--config",
                            world_ / "small.json", "--run", world_ / "begun"});
  ASSERT_EQ(row.code, 0) << row.err;
  ASSERT_EQ(Tint({"report", world_ / "begun"}).code, 0);
  const std::string html = ReadAll(world_ / "begun/report/index.html");
  EXPECT_THAT(html, AllOf(HasSubstr("no episode is scored yet"), HasSubstr("super-resolved")));
  EXPECT_FALSE(fs::exists(world_ / "begun/report/curves.jsonl"));
}

TEST_F(ReportOfARun, RefusesWhatItCannotRead) {
  EXPECT_EQ(Tint({"report", world_ / "no-run"}).code, 66);
  EXPECT_EQ(Tint({"report"}).code, 64);
  EXPECT_EQ(Tint({"report", world_ / "run", "--configuration", "ffffffffffff"}).code, 66);
  const Outcome absent = Tint({"report", world_ / "run", "--fid", world_ / "no.json"});
  EXPECT_EQ(absent.code, 66);
  WriteAll(world_ / "bad.json", R"({"fid": "low"})");
  EXPECT_EQ(Tint({"report", world_ / "run", "--fid", world_ / "bad.json"}).code, 65);
  EXPECT_EQ(Tint({"report", world_ / "run", "--out", world_ / "page.txt"}).code, 64);
  fs::copy(world_ / "run", world_ / "damaged", fs::copy_options::recursive);
  const fs::path folder = fs::directory_iterator(world_ / "damaged/episodes/0000/generate")->path();
  WriteAll(folder / "contact.png", "x");
  const Outcome damaged = Tint({"report", world_ / "damaged"});
  EXPECT_EQ(damaged.code, 76);
  EXPECT_THAT(damaged.err, HasSubstr("contact.png"));
}

// Two files of results that know no run folder.
class ReportOfFiles : public testing::FolderTest {
 protected:
  fs::path Results(const std::string& name, const std::vector<int>& right, const std::string& class_name = "a") {
    Json json = {{"schema", 1},
                 {"dataset", "miniimagenet"},
                 {"split", "test"},
                 {"method", "nearest-centroid"},
                 {"student", "conv4"},
                 {"shots", 5},
                 {"episodes_sha256", std::string(64, 'e')},
                 {"episodes_in_file", 120},
                 {"configuration", {{"method", name}}},
                 {"per_episode", Json::array()}};
    double sum = 0;
    for (size_t e = 0; e < right.size(); ++e) {
      Json classes = Json::array({{{"class", class_name}, {"queries", 20}, {"right", right[e]}}});
      for (int c = 1; c < 5; ++c)
        classes.push_back({{"class", "class " + std::to_string(c)}, {"queries", 20}, {"right", 10}});
      const double accuracy = (right[e] + 40) / 100.0;
      sum += accuracy;
      json["per_episode"].push_back({{"episode", e}, {"accuracy", accuracy}, {"queries", 100}, {"classes", classes}});
    }
    json["accuracy"] = sum / static_cast<double>(right.size());
    json["interval"] = 0.01;
    WriteAll(folder_ / name, json.dump());
    return folder_ / name;
  }
};

TEST_F(ReportOfFiles, HasTheirNumbersAndDifferences) {
  const fs::path a = Results("a.json", {10, 12, 17, 20}), b = Results("b.json", {9, 12, 13, 15});
  const Outcome outcome = RunProgram({"report", a, b, "--out", folder_ / "page.html", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string html = ReadAll(folder_ / "page.html");
  const Json compared = RunProgram({"compare", a, b, "--json"}).json();
  char difference[64];
  std::snprintf(difference, sizeof difference, "%.2f ± %.2f", 100 * compared["difference"].get<double>(),
                100 * compared["interval"].get<double>());
  EXPECT_THAT(html,
              AllOf(HasSubstr(std::string(">") + difference + "<"), HasSubstr("80.29 ± 1.14"), HasSubstr("4 of 120")));
  EXPECT_EQ(CountMarks(html, "chart-strip"), 4u + 4u + 2u);
  EXPECT_EQ(CountMarks(html, "chart-strip-narrow"), 4u + 4u + 2u);
  EXPECT_FALSE(fs::exists(folder_ / "page-curves.jsonl"));
  EXPECT_EQ(RunProgram({"report", a, b, "--out", folder_ / "page.html"}).code, 73);
  EXPECT_EQ(RunProgram({"report", a, b, "--out", folder_ / "page.html", "--force"}).code, 0);
  EXPECT_EQ(RunProgram({"report", a}).code, 64) << "no run folder to write into";
}

TEST_F(ReportOfFiles, EscapesNamesAndSaysWhyAPairIsNone) {
  const std::string nasty = "<img src=x onerror=alert(1)>\"'&\u202e";
  const fs::path a = Results("<b>&.json", {10, 12}, nasty), b = Results("b.json", {9, 12});
  const Outcome outcome = RunProgram({"report", a, b, "--out", folder_ / "page.html"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string html = ReadAll(folder_ / "page.html");
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<img src=x")), Not(HasSubstr("<b>")), Not(HasSubstr("\u202e")),
                          HasSubstr("&lt;img src=x onerror=alert(1)&gt;"), HasSubstr("A - B cannot be paired.")));
}

TEST_F(ReportOfFiles, ShowsFrechetDistances) {
  WriteAll(folder_ / "fid.json", R"({"fid": 12.345678, "preprocessing": "pytorch-fid", "dimensions": 64, "size": 84,
    "real": "miniimagenet:test", "generated": "run <1>", "real_images": 1500, "generated_images": 1400,
    "inception_sha256": "0123456789abcdef", "warnings": ["fewer images than features"],
    "per_class": [{"group": "episode 3", "class": "dog & cat", "fid": 7.5, "real_images": 300,
    "generated_images": 200}]})");
  const Outcome outcome = RunProgram(
      {"report", Results("a.json", {10, 12}), "--fid", folder_ / "fid.json", "--out", folder_ / "page.html"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(ReadAll(folder_ / "page.html"),
              AllOf(HasSubstr("<section id=\"fid\""), HasSubstr(">12.35<"), HasSubstr("run &lt;1&gt;"),
                    HasSubstr("dog &amp; cat"), HasSubstr("fewer images than features")));
}

}  // namespace
}  // namespace tint::testing

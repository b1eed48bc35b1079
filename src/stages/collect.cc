#include "tint/stages/collect.h"

#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "tint/base/sha256.h"
#include "tint/base/text.h"

namespace tint {
namespace {

struct Scored {
  EpisodeScore score;
  Json result;
};

std::string Percent(double fraction, const char* format = "%.2f") {
  char text[32];
  std::snprintf(text, sizeof text, format, 100 * fraction);
  return text;
}

Scored ReadResult(const CompletedStage& stage, uint64_t episode_idx) {
  const std::string file = (stage.folder() / "result.json").string();
  const JsonDocument document = ParseJson(stage.Read("result.json"), file, ExitCode::kCorrupt);
  CheckSeal(document);
  Scored scored{{episode_idx, 0, 0}, document.root};
  int64_t right = 0;
  for (const std::string& line : Split(stage.Read("predictions.jsonl"), '\n')) {
    if (line.empty()) continue;
    const Json row = ParseJson(line, "predictions.jsonl", ExitCode::kCorrupt).root;
    right += row.at("label") == row.at("predicted") ? 1 : 0;
    ++scored.score.queries;
  }
  scored.score.accuracy = static_cast<double>(right) / static_cast<double>(scored.score.queries);
  const double stated = RequireNumber(document, "/accuracy", 0, 1, ExitCode::kCorrupt);
  if (std::abs(stated - scored.score.accuracy) > 1e-12)
    document.Complain(ExitCode::kCorrupt, "/accuracy", std::to_string(stated),
                      std::to_string(scored.score.accuracy) + ", as the predictions say");
  return scored;
}

std::map<std::string, std::vector<Scored>> ReadAllByConfiguration(const RunFolder& run) {
  std::map<std::string, std::vector<Scored>> groups;
  for (const RunFolder::Entry& entry : run.Entries()) {
    if (entry.stage != "evaluate" || !entry.complete) continue;
    const auto stage = CompletedStage::Open(entry.folder);
    stage->Verify();
    Scored scored = ReadResult(*stage, entry.episode_idx);
    Json identity = {{"configuration", scored.result.at("configuration_sha256")},
                     {"episodes", scored.result.at("episodes_sha256")},
                     {"queries_per_class", scored.result.at("queries_per_class")}};
    groups[identity.dump()].push_back(std::move(scored));
  }
  return groups;
}

[[noreturn]] void ComplainMixed(const RunFolder& run, const std::map<std::string, std::vector<Scored>>& groups) {
  const Json& first = groups.begin()->second.front().result;
  const Json& second = std::next(groups.begin())->second.front().result;
  std::vector<std::string> differences = DifferencesOfKeys(first.at("configuration"), second.at("configuration"));
  for (const char* field : {"episodes_sha256", "queries_per_class"}) {
    if (first.at(field) != second.at(field))
      differences.push_back(std::string(field) + ": " + first.at(field).dump() + " -> " + second.at(field).dump());
  }
  std::vector<std::string> choices;
  for (const auto& [identity, scored] : groups)
    choices.push_back(Sha256Hex(identity).substr(0, 12) + " (" + std::to_string(scored.size()) + " episodes)");
  Fail(ExitCode::kBadInput,
       {.file = run.path().string(),
        .field = "evaluate",
        .found = std::to_string(groups.size()) + " configurations that differ in " + Join(differences, "; "),
        .expected = "one configuration for a mean",
        .remedy = "Choose one with --configuration: " + Join(choices, ", ") + "."});
}

}  // namespace

CollectReport CollectRun(const RunFolder& run, const std::string& configuration) {
  auto groups = ReadAllByConfiguration(run);
  if (!configuration.empty())
    std::erase_if(groups, [&](const auto& group) {
      const std::string whole = group.second.front().result.at("configuration_sha256").template get<std::string>();
      return !whole.starts_with(configuration) && !Sha256Hex(group.first).starts_with(configuration);
    });
  if (groups.empty())
    Fail(ExitCode::kMissingInput,
         {.file = run.path().string(),
          .field = "evaluate",
          .found = "no result" + (configuration.empty() ? "" : " of configuration " + configuration),
          .expected = "at least one scored episode",
          .remedy = "Run tint specialize --episode K for the episodes."});
  if (groups.size() > 1) ComplainMixed(run, groups);

  const std::vector<Scored>& scored = groups.begin()->second;
  CollectReport report;
  report.student = scored.front().result.at("student").get<std::string>();
  report.dataset = scored.front().result.at("dataset").get<std::string>();
  report.episodes_sha256 = scored.front().result.at("episodes_sha256").get<std::string>();
  report.configuration_sha256 = scored.front().result.at("configuration_sha256").get<std::string>();
  std::vector<double> accuracies;
  std::set<uint64_t> present;
  for (const Scored& one : scored) {
    if (!present.insert(one.score.episode_idx).second)
      Fail(ExitCode::kBadInput,
           {.file = run.path().string(),
            .field = "evaluate",
            .found = "two results of " + (one.score.episode_idx == kSupportEpisode
                                              ? std::string("one's own photos")
                                              : "episode " + std::to_string(one.score.episode_idx)),
            .expected = "one",
            .remedy = "tint inspect shows both; remove the folder of the one that is out of date."});
    report.scores.push_back(one.score);
    accuracies.push_back(one.score.accuracy);
  }
  report.interval = StudentInterval(accuracies);
  if (report.dataset != "folder") {
    report.episodes_in_file = scored.front().result.at("episodes_in_file").get<uint64_t>();
    for (uint64_t e = 0; e < report.episodes_in_file; ++e) {
      if (present.count(e) == 0) report.missing.push_back(e);
    }
  }
  return report;
}

Json CollectReport::ToJson() const {
  Json json = {{"accuracy", interval.mean},
               {"interval", std::isfinite(interval.half_width) ? Json(interval.half_width) : Json()},
               {"episodes", interval.count},
               {"episodes_in_file", episodes_in_file},
               {"missing", missing},
               {"student", student},
               {"dataset", dataset},
               {"episodes_sha256", episodes_sha256},
               {"configuration_sha256", configuration_sha256},
               {"per_episode", Json::array()}};
  for (const EpisodeScore& score : scores) {
    Json episode = "support";
    if (score.episode_idx != kSupportEpisode) episode = score.episode_idx;
    json["per_episode"].push_back({{"episode", episode}, {"accuracy", score.accuracy}, {"queries", score.queries}});
  }
  return json;
}

std::string CollectReport::ToTable() const {
  std::string table = "episode  accuracy %  queries\n";
  for (const EpisodeScore& score : scores) {
    char line[96];
    const std::string name = score.episode_idx == kSupportEpisode ? "support" : std::to_string(score.episode_idx);
    std::snprintf(line, sizeof line, "%7s  %10s  %7lld\n", name.c_str(), Percent(score.accuracy).c_str(),
                  static_cast<long long>(score.queries));
    table += line;
  }
  table +=
      "mean     " + std::string(10 - std::min<size_t>(10, Percent(interval.mean).size()), ' ') + Percent(interval.mean);
  if (std::isfinite(interval.half_width))
    table += " +- " + Percent(interval.half_width) + " (95 % Student t, n = " + std::to_string(interval.count) + ")";
  table += "\nstudent " + student + ", data " + dataset + ", configuration " + configuration_sha256.substr(0, 12);
  if (!episodes_sha256.empty()) table += ", episodes " + episodes_sha256.substr(0, 12);
  table += "\n";
  if (!missing.empty()) {
    std::vector<std::string> names;
    for (uint64_t e : missing) names.push_back(std::to_string(e));
    table += std::to_string(interval.count) + " of " + std::to_string(episodes_in_file) +
             " episodes, missing: " + Join(names, ", ") + "; not publishable\n";
  }
  return table;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tint/artifacts/evaluation_result.h"
#include "tint/artifacts/run_folder.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/same_or_zero.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr double kSame = 1e-9;  // tolerance of accuracies that were printed with all digits

struct Scored {
  EpisodeScore score;
  EvaluationResult result;
  fs::path folder;
};
using Groups = std::map<std::string, std::vector<Scored>>;  // by the values that must be equal for a mean

Groups ReadRun(const RunFolder& run) {
  Groups groups;
  for (const RunFolder::Entry& entry : run.Entries()) {
    if (entry.stage != "evaluate" || !entry.complete) continue;
    const auto stage = CompletedStage::Open(entry.folder);
    stage->Verify();
    EvaluationResult result = EvaluationResult::Read(*stage);
    const EpisodeScore score = ScoreOf(entry.episode_idx, result.classes);
    const Json identity = {{"configuration", result.ConfigurationSha256()},
                           {"episodes", result.episodes_sha256},
                           {"queries_per_class", result.queries_per_class}};
    groups[identity.dump()].push_back({score, std::move(result), entry.folder});
  }
  return groups;
}

std::string OrUnknown(const std::string& text) { return text.empty() ? "(unknown)" : text; }

void AddDifference(const char* field, const std::string& a, const std::string& b,
                   std::vector<std::string>* differences) {
  if (a != b) differences->push_back(std::string(field) + ": " + OrUnknown(a) + " -> " + OrUnknown(b));
}

[[noreturn]] void FailMixed(const RunFolder& run, const Groups& groups) {
  const EvaluationResult& first = groups.begin()->second.front().result;
  const EvaluationResult& second = std::next(groups.begin())->second.front().result;
  std::vector<std::string> differences = DifferencesOfKeys(first.configuration, second.configuration);
  AddDifference("episodes_sha256", first.episodes_sha256, second.episodes_sha256, &differences);
  AddDifference("queries_per_class", std::to_string(first.queries_per_class), std::to_string(second.queries_per_class),
                &differences);
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

void FailDuplicateEpisode(const std::string& path, uint64_t episode_idx) {
  Fail(ExitCode::kBadInput,
       {.file = path,
        .field = "evaluate",
        .found = "two results of " + (episode_idx == kSupportEpisode ? std::string("a custom image folder")
                                                                     : "episode " + std::to_string(episode_idx)),
        .expected = "one",
        .remedy = "Keep the current one; tint inspect lists the contents of a run folder."});
}

// Sorts the episodes, lists those of the file that are missing, and sets the number of ways.
void Complete(Results* results) {
  std::sort(results->scores.begin(), results->scores.end(),
            [](const EpisodeScore& a, const EpisodeScore& b) { return a.episode_idx < b.episode_idx; });
  std::set<uint64_t> present;
  results->ways = SameOrZero(results->scores, [](const EpisodeScore& score) { return score.classes.size(); });
  for (const EpisodeScore& score : results->scores) {
    if (!present.insert(score.episode_idx).second) FailDuplicateEpisode(results->path, score.episode_idx);
  }
  for (uint64_t e = 0; e < results->episodes_in_file; ++e) {
    if (present.count(e) == 0) results->missing.push_back(e);
  }
}

[[noreturn]] void FailNoResult(const fs::path& path, const std::string& configuration) {
  Fail(ExitCode::kMissingInput,
       {.file = path.string(),
        .field = "evaluate",
        .found = "no result" + (configuration.empty() ? "" : " of configuration " + configuration),
        .expected = "at least one scored episode",
        .remedy = "Run tint specialize --episode K for the episodes."});
}

// Totals and means over the episodes of the near-duplicates that evaluate found.
void AddNearDuplicates(const std::vector<Scored>& all, Results* results) {
  int64_t queries = 0;
  double sum = 0;
  for (const Scored& one : all) {
    const std::optional<NearDuplicates>& near = one.result.near_duplicates;
    if (!near || !near->accuracy_without) return;
    queries += near->queries;
    sum += *near->accuracy_without;
  }
  results->near_duplicate_queries = queries;
  results->accuracy_without_near_duplicates = sum / static_cast<double>(all.size());
}

Groups ChosenGroups(const RunFolder& run, const std::string& configuration) {
  Groups groups = ReadRun(run);
  if (!configuration.empty())
    std::erase_if(groups, [&](const auto& group) {
      const std::string whole = group.second.front().result.ConfigurationSha256();
      return !whole.starts_with(configuration) && !Sha256Hex(group.first).starts_with(configuration);
    });
  if (groups.empty()) FailNoResult(run.path(), configuration);
  return groups;
}

Results OfGroup(const fs::path& path, std::vector<Scored> group) {
  const EvaluationResult& result = group.front().result;
  Results results{.path = path.string(), .method = "tint"};
  results.student = result.student;
  results.dataset = result.dataset;
  results.split = result.split;
  results.shots = SameOrZero(group, [](const Scored& one) { return one.result.shots; });
  results.queries_per_class = result.queries_per_class;
  results.episodes_sha256 = result.episodes_sha256;
  results.configuration_sha256 = result.ConfigurationSha256();
  results.configuration = result.configuration;
  results.disclosure = result.disclosure;
  AddNearDuplicates(group, &results);
  if (results.dataset != "folder") results.episodes_in_file = result.episodes_in_file;
  for (Scored& scored : group) {
    results.folders[scored.score.episode_idx] = scored.folder;
    results.scores.push_back(std::move(scored.score));
  }
  Complete(&results);
  return results;
}

Results FromRun(const fs::path& path, const std::string& configuration) {
  const RunFolder run = RunFolder::Open(path);
  Groups groups = ChosenGroups(run, configuration);
  if (groups.size() > 1) FailMixed(run, groups);
  return OfGroup(path, std::move(groups.begin()->second));
}

EpisodeScore EpisodeOf(const JsonDocument& document, const std::string& place, uint64_t episodes_in_file) {
  const ExitCode bad = ExitCode::kBadInput;
  const auto most = static_cast<int64_t>(episodes_in_file) - 1;
  const auto episode_idx = static_cast<uint64_t>(RequireInteger(document, place + "/episode", 0, most, bad));
  std::vector<ClassScore> classes;
  std::set<std::string> names;
  const size_t count = RequireArray(document, place + "/classes", bad).size();
  for (size_t c = 0; c < count; ++c) {
    const std::string at = place + "/classes/" + std::to_string(c);
    ClassScore one{.name = RequireString(document, at + "/class", bad)};
    one.queries = RequireInteger(document, at + "/queries", 0, 1'000'000'000, bad);
    one.correct = RequireInteger(document, at + "/right", 0, one.queries, bad);
    if (!names.insert(one.name).second)
      document.Fail(bad, at + "/class", Quote(one.name) + " appears twice", "each class once");
    classes.push_back(std::move(one));
  }
  const int64_t queries = RequireInteger(document, place + "/queries", 1, 1'000'000'000, bad);
  const double stated = RequireNumber(document, place + "/accuracy", 0, 1, bad);
  int64_t sum = 0;
  for (const ClassScore& one : classes) sum += one.queries;
  if (sum != queries)
    document.Fail(ExitCode::kCorrupt, place + "/queries", std::to_string(queries),
                  std::to_string(sum) + ", computed from the classes");
  EpisodeScore score = ScoreOf(episode_idx, std::move(classes));
  if (std::abs(stated - score.accuracy) > kSame)
    document.Fail(ExitCode::kCorrupt, place + "/accuracy", std::to_string(stated),
                  std::to_string(score.accuracy) + ", computed from the classes");
  return score;
}

std::string OptionalText(const JsonDocument& document, const std::string& name) {
  return document.root.contains(name) ? RequireString(document, "/" + name, ExitCode::kBadInput) : "";
}

int64_t OptionalCount(const JsonDocument& document, const std::string& name) {
  return document.root.contains(name) ? RequireInteger(document, "/" + name, 0, 1'000'000'000, ExitCode::kBadInput) : 0;
}

// "student", or the source of the features: "backbone": "student-conv4".
std::string StudentOf(const JsonDocument& document) {
  if (document.root.contains("student")) return OptionalText(document, "student");
  const std::string backbone = OptionalText(document, "backbone"), prefix = "student-";
  return backbone.starts_with(prefix) ? backbone.substr(prefix.size()) : backbone;
}

// "disclosure", or the source and the training data of "backbone".
Json DisclosureOf(const JsonDocument& document) {
  if (document.root.contains("disclosure")) return RequireObject(document, "/disclosure", ExitCode::kBadInput);
  const std::string backbone = OptionalText(document, "backbone");
  if (backbone.empty()) return Json::object();
  return {{backbone,
           {{"source", document.root.value("source", Json())},
            {"training_data", document.root.value("training_data", Json())}}}};
}

Results FromFile(const fs::path& path, const std::string& configuration) {
  const ExitCode bad = ExitCode::kBadInput;
  const JsonDocument document = ParseJson(ReadFile(path, JsonLimits().max_bytes), path.string(), bad);
  RequireInteger(document, "/schema", 1, 1, bad);
  if (document.root.contains("self_sha256")) CheckSeal(document);
  Results results{.path = path.string(), .method = RequireString(document, "/method", bad)};
  results.dataset = RequireString(document, "/dataset", bad);
  results.split = RequireString(document, "/split", bad);
  results.student = StudentOf(document);
  results.shots = OptionalCount(document, "shots");
  results.queries_per_class = OptionalCount(document, "queries_per_class");
  results.episodes_sha256 = RequireString(document, "/episodes_sha256", bad);
  results.episodes_in_file =
      static_cast<uint64_t>(RequireInteger(document, "/episodes_in_file", 1, 1'000'000'000, bad));
  RequireObject(document, "/configuration", bad);
  results.configuration = document.root.at("configuration");
  results.disclosure = DisclosureOf(document);
  results.configuration_sha256 = OptionalText(document, "configuration_sha256");
  if (results.configuration_sha256.empty())
    results.configuration_sha256 = Sha256Hex(CanonicalJson(results.configuration));
  if (!results.configuration_sha256.starts_with(configuration)) FailNoResult(path, configuration);
  if (document.root.contains("near_duplicate_queries") && !document.root.at("near_duplicate_queries").is_null()) {
    results.near_duplicate_queries = OptionalCount(document, "near_duplicate_queries");
    results.accuracy_without_near_duplicates = RequireNumber(document, "/accuracy_without_near_duplicates", 0, 1, bad);
  }
  const size_t count = RequireArray(document, "/per_episode", bad).size();
  for (size_t e = 0; e < count; ++e)
    results.scores.push_back(EpisodeOf(document, "/per_episode/" + std::to_string(e), results.episodes_in_file));
  if (results.scores.empty()) FailNoResult(path, "");
  Complete(&results);
  double sum = 0;
  for (const EpisodeScore& score : results.scores) sum += score.accuracy;
  const double stated = RequireNumber(document, "/accuracy", 0, 1, bad);
  const double mean = sum / static_cast<double>(results.scores.size());
  if (std::abs(stated - mean) > kSame)
    document.Fail(ExitCode::kCorrupt, "/accuracy", std::to_string(stated),
                  std::to_string(mean) + ", the episodes' mean");
  return results;
}

void RequireSameTable(const Results& first, const Results& other) {
  std::vector<std::string> differences = DifferencesOfConfigurations(first, other);
  if (differences.empty())
    AddDifference("configuration_sha256", first.configuration_sha256, other.configuration_sha256, &differences);
  AddDifference("dataset", first.dataset, other.dataset, &differences);
  AddDifference("episodes_sha256", first.episodes_sha256, other.episodes_sha256, &differences);
  AddDifference("queries_per_class", std::to_string(first.queries_per_class), std::to_string(other.queries_per_class),
                &differences);
  if (differences.empty()) return;
  Fail(ExitCode::kBadInput, {.file = other.path,
                             .field = "evaluate",
                             .found = "differs from " + Quote(first.path) + " in " + Join(differences, "; "),
                             .expected = "one configuration and one episode file for a mean",
                             .remedy = "Without --merge each result has its own row."});
}

}  // namespace

std::vector<std::string> DifferencesOfConfigurations(const Results& a, const Results& b) {
  std::vector<std::string> differences;
  if (!a.configuration.contains("method")) AddDifference("method", a.method, b.method, &differences);
  AddDifference("student", a.student, b.student, &differences);
  for (const std::string& line : DifferencesOfKeys(a.configuration, b.configuration)) differences.push_back(line);
  return differences;
}

Results JoinResults(std::vector<Results> parts) {
  Results joined = parts.at(0);
  joined.missing.clear();
  double without = joined.accuracy_without_near_duplicates * static_cast<double>(joined.scores.size());
  for (size_t k = 1; k < parts.size(); ++k) {
    Results& part = parts[k];
    RequireSameTable(parts[0], part);
    joined.path += " + " + part.path;
    if (part.shots != joined.shots) joined.shots = 0;
    const bool known = joined.near_duplicate_queries >= 0 && part.near_duplicate_queries >= 0;
    joined.near_duplicate_queries = known ? joined.near_duplicate_queries + part.near_duplicate_queries : -1;
    without += part.accuracy_without_near_duplicates * static_cast<double>(part.scores.size());
    for (EpisodeScore& score : part.scores) joined.scores.push_back(std::move(score));
  }
  joined.accuracy_without_near_duplicates =
      joined.near_duplicate_queries >= 0 ? without / static_cast<double>(joined.scores.size()) : -1;
  Complete(&joined);
  return joined;
}

Results ReadResults(const fs::path& path, const std::string& configuration) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return FromFile(path, configuration);
  return FromRun(path, configuration);
}

std::vector<Results> ReadEveryConfiguration(const fs::path& path, const std::string& configuration) {
  std::error_code ignored;
  if (fs::is_regular_file(path, ignored)) return {FromFile(path, configuration)};
  std::vector<Results> all;
  for (auto& [identity, group] : ChosenGroups(RunFolder::Open(path), configuration))
    all.push_back(OfGroup(path, std::move(group)));
  return all;
}

std::string Percent(double share, int digits) { return fmt::format("{:.{}f}", 100 * share, digits); }

Json EpisodesJson(const std::vector<EpisodeScore>& scores) {
  Json all = Json::array();
  for (const EpisodeScore& score : scores) {
    Json classes = Json::array();
    for (const ClassScore& one : score.classes)
      classes.push_back({{"class", one.name}, {"queries", one.queries}, {"right", one.correct}});
    Json episode = score.episode_idx;
    if (score.episode_idx == kSupportEpisode) episode = EpisodeLabel(score.episode_idx);
    all.push_back({{"episode", episode},
                   {"accuracy", score.accuracy},
                   {"queries", score.queries},
                   {"classes", std::move(classes)}});
  }
  return all;
}

std::string EpisodeLines(const std::vector<EpisodeScore>& scores) {
  std::string table = "episode  accuracy %  queries\n";
  for (const EpisodeScore& score : scores) {
    table +=
        fmt::format("{:>7}  {:>10}  {:7}\n", EpisodeLabel(score.episode_idx), Percent(score.accuracy), score.queries);
  }
  return table;
}

}  // namespace tint

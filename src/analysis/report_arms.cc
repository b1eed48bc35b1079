// SPDX-License-Identifier: Apache-2.0
// Reads the results of each path, and the stages behind each scored episode.
#include "report_arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "tint/artifacts/student_bundle.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/stages/options.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxArms = 26;  // letters

// The finished results of a run by content. Results name their inputs by content, so following the inputs of a
// scored episode shows which stages of several configurations belong to it.
class StageIndex {
 public:
  explicit StageIndex(const RunFolder& run) {
    for (const RunFolder::Entry& entry : run.Entries()) {
      if (!entry.complete) continue;
      auto stage = CompletedStage::Open(entry.folder);
      if (stage) stages_.insert_or_assign({entry.episode_idx, entry.stage, stage->content_sha256()}, *stage);
    }
  }

  bool empty() const { return stages_.empty(); }
  bool HasStage(const std::string& name) const {
    return std::any_of(stages_.begin(), stages_.end(), [&](const auto& one) { return std::get<1>(one.first) == name; });
  }

  StagesOfEpisode Behind(uint64_t episode_idx, const std::string& name, const CompletedStage& last) const {
    StagesOfEpisode stages;
    Add(episode_idx, name, last, &stages);
    return stages;
  }

  // Of a run without scores: the latest stage of each episode, the newest of several results, and the stages before it.
  std::map<uint64_t, StagesOfEpisode> Furthest() const {
    const auto rank = [](const std::string& name) {
      return std::find(StageNames().begin(), StageNames().end(), name) - StageNames().begin();
    };
    std::map<uint64_t, decltype(stages_)::const_iterator> last;
    for (auto it = stages_.begin(); it != stages_.end(); ++it) {
      const auto [found, fresh] = last.try_emplace(std::get<0>(it->first), it);
      const auto order = [&](const auto& one) {
        return std::make_tuple(rank(std::get<1>(one->first)), one->second.finished_at());
      };
      if (!fresh && order(it) > order(found->second)) found->second = it;
    }
    std::map<uint64_t, StagesOfEpisode> episodes;
    for (const auto& [episode_idx, it] : last)
      episodes[episode_idx] = Behind(episode_idx, std::get<1>(it->first), it->second);
    return episodes;
  }

 private:
  void Add(uint64_t episode_idx, const std::string& name, const CompletedStage& stage, StagesOfEpisode* stages) const {
    if (!stages->try_emplace(name, stage).second) return;
    const Json inputs = stage.components().value("inputs", Json::object());
    for (const auto& [input, hash] : inputs.items()) {
      if (!hash.is_string()) continue;
      const auto found = stages_.find({episode_idx, input, hash.get<std::string>()});
      if (found != stages_.end()) Add(episode_idx, input, found->second, stages);
    }
  }

  std::map<std::tuple<uint64_t, std::string, std::string>, CompletedStage> stages_;  // episode, stage, content
};

void AddRun(const fs::path& path, const std::string& configuration, const BootstrapOptions& bootstrap,
            std::vector<ReportArm>* arms) {
  const RunFolder run = RunFolder::Open(path);
  const StageIndex index(run);
  if (index.empty())
    Fail(ExitCode::kMissingInput, {.file = path,
                                   .found = "contains no finished stage",
                                   .expected = "at least one finished stage",
                                   .remedy = "Run tint specialize first."});
  if (configuration.empty() && !index.HasStage("evaluate")) {
    arms->push_back({.letter = {}, .label = path, .run = run, .scored = {}, .episodes = index.Furthest()});
    return;
  }
  std::vector<Results> all = ReadEveryConfiguration(path, configuration);
  const bool alone = all.size() == 1;
  for (Results& results : all) {
    ReportArm arm{.letter = {}, .label = path, .run = run, .scored = {}};
    if (!alone) arm.label += ", configuration " + results.configuration_sha256.substr(0, 12);
    for (const auto& [episode_idx, folder] : results.folders)
      arm.episodes[episode_idx] = index.Behind(episode_idx, "evaluate", *CompletedStage::Open(folder));
    arm.scored = Collect(std::move(results), bootstrap);
    arms->push_back(std::move(arm));
  }
}

// `names` as ReportOptions has them: each is one result's, and no two results share one.
void NameArms(const std::vector<std::string>& names, std::vector<ReportArm>* arms) {
  const auto refuse = [](const std::string& entry, const std::string& found, const std::string& expected) {
    Fail(ExitCode::kUsage, {.field = "--name " + entry,
                            .found = found,
                            .expected = expected,
                            .remedy = "`tint report` without --name shows each configuration's first digits."});
  };
  for (const std::string& entry : names) {
    const size_t equals = entry.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == entry.size())
      refuse(entry, Quote(entry), "CONFIGURATION=NAME, such as 1a2b3c=baseline");
    const std::string digits = entry.substr(0, equals), name = entry.substr(equals + 1);
    ReportArm* named = nullptr;
    for (ReportArm& arm : *arms) {
      if (arm.name == name) refuse(entry, "another result has that name", "a distinct name for each");
      if (!arm.scored || !arm.scored->results.configuration_sha256.starts_with(digits)) continue;
      if (named != nullptr) refuse(entry, "several results that begin with " + Quote(digits), "more digits");
      named = &arm;
    }
    if (named == nullptr) refuse(entry, "no result that begins with " + Quote(digits), "a scored configuration");
    named->name = name;
  }
}

}  // namespace

std::vector<ReportArm> ReadArms(const std::vector<std::string>& paths, const ReportOptions& options) {
  std::vector<ReportArm> arms;
  std::error_code ignored;
  for (const std::string& path : paths) {
    if (fs::is_regular_file(path, ignored)) {
      arms.push_back({.letter = {},
                      .label = path,
                      .run = {},
                      .scored = Collect(ReadResults(path, options.configuration), options.bootstrap)});
    } else {
      AddRun(path, options.configuration, options.bootstrap, &arms);
    }
  }
  if (arms.size() > kMaxArms)
    Fail(ExitCode::kUsage, {.field = "RESULT",
                            .found = std::to_string(arms.size()) + " results",
                            .expected = "at most " + std::to_string(kMaxArms) + " on one page",
                            .remedy = "Choose some with --configuration."});
  for (size_t k = 0; k < arms.size(); ++k) arms[k].letter = std::string(1, static_cast<char>('A' + k));
  NameArms(options.names, &arms);
  return arms;
}

ReportClasses ClassesOf(const StagesOfEpisode& stages) {
  ReportClasses classes;
  if (const auto found = stages.find("super-resolve"); found != stages.end()) {
    const Json inputs = found->second.components().value("inputs", Json::object());
    for (int64_t c = 0; inputs.contains("artifact " + std::to_string(c)); ++c)
      classes.files.push_back(inputs.at("artifact " + std::to_string(c)).get<std::string>());
  }
  classes.names = classes.files;
  if (const auto found = stages.find("distill"); found != stages.end()) {
    classes.names = StudentCard::Read(found->second).classes;
  }
  if (!classes.files.empty() && classes.names.size() != classes.files.size())
    Fail(ExitCode::kCorrupt, {.file = stages.at("distill").folder().string(),
                              .field = "classes",
                              .found = std::to_string(classes.names.size()),
                              .expected = std::to_string(classes.files.size()) + ", as super-resolve has"});
  return classes;
}

std::string NamesOfEpisodes(const std::vector<uint64_t>& ascending) {
  std::vector<std::string> names;
  for (size_t begin = 0, end = 0; begin < ascending.size(); begin = end) {
    while (end < ascending.size() && ascending[end] - ascending[begin] == end - begin) ++end;
    const std::string first = EpisodeLabel(ascending[begin]), last = EpisodeLabel(ascending[end - 1]);
    names.push_back(end - begin == 1 ? first : first + (end - begin == 2 ? ", " : " to ") + last);
  }
  return Join(names, ", ");
}

std::string ShortNumber(double value, int digits) { return fmt::format("{:.{}g}", value, digits); }

std::string Heading(const ReportArm& arm, const std::vector<ReportArm>& arms) {
  return arms.size() == 1 ? arm.label : arm.title() + ": " + arm.label;
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// tint report: reads results, composes the page and the files of curves.
#include "tint/analysis/report.h"

#include <cmath>

#include "report_arms.h"
#include "tint/artifacts/report_folder.h"
#include "tint/artifacts/version.h"
#include "tint/base/durable.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/report/event_file.h"

namespace tint {
namespace {

namespace fs = std::filesystem;
using internal::ReportArm;

ReportPaths PathsOf(const std::vector<ReportArm>& arms, const std::string& out) {
  if (!out.empty()) return ReportPathsBeside(out);
  if (!arms[0].run)
    Fail(ExitCode::kUsage, {.field = "--out",
                            .found = "not given, and " + Quote(arms[0].label) + " is not a run folder",
                            .expected = "the file of the page, NAME.html"});
  return ReportPathsIn(*arms[0].run);
}

std::string Setting(const Results& results) {
  std::vector<std::string> parts;
  if (!results.dataset.empty())
    parts.push_back(results.dataset == "folder" ? "custom image folder"
                    : results.split.empty()     ? results.dataset
                                                : results.dataset + ", split " + results.split);
  if (results.ways > 0)
    parts.push_back(std::to_string(results.ways) + "-way" +
                    (results.shots > 0 ? " " + std::to_string(results.shots) + "-shot" : ""));
  if (!results.student.empty()) parts.push_back("student " + results.student);
  return Join(parts, "; ");
}

std::vector<PageFact> FactsOf(const std::vector<ReportArm>& arms) {
  std::vector<PageFact> facts;
  for (const ReportArm& arm : arms) {
    if (!arm.scored || facts.size() >= 4) continue;
    const CollectReport& report = *arm.scored;
    const bool known = std::isfinite(report.interval.half_width);
    facts.push_back({.name = arms.size() > 1 ? "accuracy of " + arm.title() : "accuracy",
                     .value = Percent(report.interval.mean) + " %",
                     .note = known ? "± " + Percent(report.interval.half_width) + ", 95 % Student interval" : ""});
  }
  const ReportArm& first = arms[0];
  if (!first.scored) return facts;
  const Results& results = first.scored->results;
  if (first.scored->published)
    facts.push_back({.name = "published",
                     .value = Percent(first.scored->published->accuracy) + " %",
                     .note = "± " + Percent(first.scored->published->half_width) + ", " +
                             std::to_string(first.scored->published->episodes) + " episodes"});
  const std::string of = arms.size() > 1 ? "of " + first.title() : "";
  if (results.episodes_in_file > 0)
    facts.push_back({.name = "episodes",
                     .value = std::to_string(results.scores.size()) + " of " + std::to_string(results.episodes_in_file),
                     .note = of});
  int64_t queries = 0;
  for (const EpisodeScore& score : results.scores) queries += score.queries;
  facts.push_back({.name = "queries", .value = std::to_string(queries), .note = of});
  return facts;
}

std::string TitleOf(const std::vector<ReportArm>& arms) {
  std::vector<std::string> paths;
  for (const ReportArm& arm : arms) {
    const std::string path = arm.run ? arm.run->path().string() : arm.label;
    if (paths.empty() || paths.back() != path) paths.push_back(path);
  }
  const size_t more = paths.size() - 1;
  return paths[0] + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

Page Compose(const std::vector<ReportArm>& arms, const std::vector<std::vector<Curve>>& curves,
             const ReportOptions& options) {
  Page page{.title = "Report: " + TitleOf(arms),
            .subtitle = arms[0].scored ? Setting(arms[0].scored->results) : "",
            .made_by = "tint " + ToolVersion(),
            .facts = FactsOf(arms)};
  for (PageSection& section : std::vector<PageSection>{
           internal::AccuracySection(arms), internal::ComparisonSection(arms, options.bootstrap),
           internal::CurveSection(arms, curves), internal::ImageSection(arms, options.image_episodes),
           internal::FidSection(options.fid), internal::CostSection(arms), internal::ProvenanceSection(arms)}) {
    if (!section.blocks.empty()) page.sections.push_back(std::move(section));
  }
  return page;
}

// One event file per episode: TensorBoard treats a folder as a run and overlays runs.
void AddEventFiles(const std::vector<ReportArm>& arms, const std::vector<std::vector<Curve>>& curves,
                   const fs::path& folder, std::vector<ReportFile>* files) {
  for (size_t a = 0; a < arms.size(); ++a) {
    std::map<std::string, std::vector<Curve>> episodes;
    for (const Curve& curve : curves[a]) episodes[curve.episode].push_back(curve);
    for (const auto& [episode, some] : episodes) {
      const fs::path of_arm = arms.size() > 1 ? folder / arms[a].letter : folder;
      files->push_back({ReportPaths::EventFile(of_arm, episode), EventFile(some)});
    }
  }
}

Json ResultsJson(const std::vector<ReportArm>& arms) {
  Json all = Json::array();
  for (const ReportArm& arm : arms) {
    Json one = {{"letter", arm.letter},    {"name", arm.name.empty() ? Json() : Json(arm.name)},
                {"path", arm.label},       {"accuracy", nullptr},
                {"interval", nullptr},     {"episodes", arm.episodes.size()},
                {"missing", Json::array()}};
    if (arm.scored) {
      one["accuracy"] = arm.scored->interval.mean;
      one["interval"] = FiniteOrNull(arm.scored->interval.half_width);
      one["episodes"] = arm.scored->interval.count;
      one["missing"] = arm.scored->results.missing;
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

Report MakeReport(const std::vector<std::string>& paths, const ReportOptions& options) {
  const std::vector<ReportArm> arms = internal::ReadArms(paths, options);
  const ReportPaths places = PathsOf(arms, options.out);
  std::vector<std::vector<Curve>> curves;
  std::string lines;
  for (const ReportArm& arm : arms) {
    curves.push_back(internal::CurvesOf(arm));
    lines += CurvesJsonl(curves.back());
  }
  Report report{.page = places.page, .files = {}, .results = ResultsJson(arms)};
  if (!lines.empty()) report.files.push_back({places.curves, std::move(lines)});
  AddEventFiles(arms, curves, places.events, &report.files);
  report.files.push_back({places.page, RenderPage(Compose(arms, curves, options))});
  return report;
}

void WriteReport(const Report& report) {
  for (const ReportFile& file : report.files) {
    if (file.path.has_parent_path()) CreateFoldersDurably(file.path.parent_path());
    WriteFileDurably(file.path, file.bytes);
  }
}

Json Report::ToJson() const {
  Json json = {{"schema", 1}, {"report", page.string()}, {"files", Json::array()}, {"results", results}};
  for (const ReportFile& file : files)
    json["files"].push_back({{"path", file.path.string()}, {"bytes", file.bytes.size()}});
  return json;
}

std::string Report::ToText() const {
  std::string text;
  for (const ReportFile& file : files) text += file.path.string() + "  " + FormatBytes(file.bytes.size()) + "\n";
  for (const Json& one : results) {
    if (one["missing"].empty()) continue;
    const auto missing = one["missing"].get<std::vector<uint64_t>>();
    text += one["path"].get<std::string>() + ": episodes missing: " + internal::NamesOfEpisodes(missing) + "\n";
  }
  return text;
}

}  // namespace tint

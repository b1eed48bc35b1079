// SPDX-License-Identifier: Apache-2.0
// Accuracy with intervals and the published value, the accuracy of every episode, and differences between results.
#include <algorithm>
#include <cmath>

#include "report_arms.h"
#include "tint/analysis/compare.h"
#include "tint/base/text.h"
#include "tint/report/chart.h"

namespace tint::internal {
namespace {

std::vector<const ReportArm*> Scored(const std::vector<ReportArm>& arms) {
  std::vector<const ReportArm*> scored;
  for (const ReportArm& arm : arms) {
    if (arm.scored) scored.push_back(&arm);
  }
  return scored;
}

PageTable AccuracyTable(const std::vector<const ReportArm*>& scored, const std::vector<ReportArm>& arms) {
  PageTable table{.caption =
                      "Mean accuracy over episodes with its 95 % Student interval, and the 95 % bootstrap interval "
                      "that resamples classes",
                  .head = CollectHead()};
  for (const ReportArm* arm : scored) {
    table.rows.push_back(CollectCells(*arm->scored));
    table.rows.back()[0] = Heading(*arm, arms);
  }
  return table;
}

// Rows are episodes, columns results; "-" if a result lacks the episode.
PageTable EpisodeTable(const std::vector<const ReportArm*>& scored) {
  PageTable table{.caption = "Accuracy of every episode, percent", .head = {"episode"}, .folded = true};
  std::map<uint64_t, std::vector<std::string>> rows;
  for (size_t a = 0; a < scored.size(); ++a) {
    table.head.push_back(scored.size() == 1 ? "accuracy %" : scored[a]->title() + " %");
    for (const EpisodeScore& score : scored[a]->scored->results.scores) {
      std::vector<std::string>& row = rows[score.episode_idx];
      row.resize(scored.size(), "-");
      row[a] = Percent(score.accuracy);
    }
  }
  if (scored.size() == 1) table.head.push_back("queries");
  for (auto& [episode_idx, cells] : rows) {
    cells.insert(cells.begin(), EpisodeLabel(episode_idx));
    table.rows.push_back(std::move(cells));
  }
  if (scored.size() > 1) return table;
  for (size_t e = 0; e < table.rows.size(); ++e)
    table.rows[e].push_back(std::to_string(scored[0]->scored->results.scores[e].queries));
  return table;
}

// Over all episodes that a class is in.
PageTable ClassTable(const std::vector<const ReportArm*>& scored) {
  PageTable table{.caption = "Accuracy of every class over its episodes, percent", .head = {"class"}, .folded = true};
  std::map<std::string, std::vector<ClassScore>> classes;
  for (size_t a = 0; a < scored.size(); ++a) {
    table.head.push_back(scored.size() == 1 ? "accuracy %" : scored[a]->title() + " %");
    for (const EpisodeScore& score : scored[a]->scored->results.scores) {
      for (const ClassScore& one : score.classes) {
        std::vector<ClassScore>& sums = classes[one.name];
        sums.resize(scored.size());
        sums[a].queries += one.queries;
        sums[a].correct += one.correct;
      }
    }
  }
  for (const auto& [name, sums] : classes) {
    table.rows.push_back({name});
    for (const ClassScore& sum : sums)
      table.rows.back().push_back(
          sum.queries == 0 ? "-" : Percent(static_cast<double>(sum.correct) / static_cast<double>(sum.queries)));
  }
  return table;
}

std::string Range(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return Percent(*low) + " to " + Percent(*high) + " %";
}

Figure StripFigure(const std::vector<const ReportArm*>& scored, const std::vector<ReportArm>& arms) {
  StripChart chart{.x_label = "accuracy of an episode, %"};
  Figure figure{.title = "Every episode", .alt = "Strip plot of the episodes' accuracies."};
  bool published = false, interval = false;
  for (const ReportArm* arm : scored) {
    const CollectReport& report = *arm->scored;
    StripRow row{.label = arms.size() == 1 ? "" : arm->title(),
                 .values = AccuraciesOf(report.results.scores),
                 .mean = 100 * report.interval.mean,
                 .half_width = 100 * report.interval.half_width,
                 .colour = arm->colour()};
    figure.alt += " " + Heading(*arm, arms) + ": " + std::to_string(row.values.size()) + " episodes from " +
                  Range(row.values) + ", mean " + Percent(report.interval.mean) + " %.";
    for (double& value : row.values) value *= 100;
    if (report.published) row.reference = 100 * report.published->accuracy;
    published = published || report.published.has_value();
    interval = interval || std::isfinite(row.half_width);
    figure.legend.push_back({LegendEntry::Mark::kDot, arm->colour(), Heading(*arm, arms)});
    chart.rows.push_back(std::move(row));
  }
  figure.legend.push_back({LegendEntry::Mark::kMean, 0, interval ? "mean with 95 % Student interval" : "mean"});
  if (published) figure.legend.push_back({LegendEntry::Mark::kReference, 0, "published mean"});
  figure.caption = "Each mark is an episode; the vertical position within a row has no meaning.";
  figure.svg = DrawStripChart(chart, "chart-strip");
  figure.narrow_svg = DrawStripChart(chart, "chart-strip-narrow", 440);
  return figure;
}

std::vector<std::string> ComparisonCells(const ReportArm& a, const ReportArm& b, const Comparison& comparison) {
  const PairedDifference& difference = comparison.difference;
  const auto with = [](double value, double half_width) {
    return std::isfinite(half_width) ? Percent(value) + " ± " + Percent(half_width) : Percent(value);
  };
  return {a.title() + " - " + b.title(),
          Percent(comparison.mean_a),
          Percent(comparison.mean_b),
          with(difference.student.mean, difference.student.half_width),
          std::isfinite(difference.bootstrap.low)
              ? Percent(difference.bootstrap.low) + " to " + Percent(difference.bootstrap.high)
              : "-",
          std::to_string(difference.student.count) +
              (comparison.unpaired.empty() ? "" : " of " + std::to_string(comparison.episodes_in_file))};
}

}  // namespace

PageSection AccuracySection(const std::vector<ReportArm>& arms) {
  PageSection section{.id = "accuracy", .title = "Accuracy", .blocks = {}};
  const std::vector<const ReportArm*> scored = Scored(arms);
  for (const ReportArm& arm : arms) {
    if (!arm.scored) section.blocks.push_back(Paragraph{Heading(arm, arms) + ": no episode is scored yet.", true});
  }
  if (scored.empty()) return section;
  section.blocks.push_back(AccuracyTable(scored, arms));
  for (const ReportArm* arm : scored) {
    const Results& results = arm->scored->results;
    if (results.complete()) continue;
    section.blocks.push_back(Paragraph{Heading(*arm, arms) + ": " + std::to_string(results.missing.size()) + " of " +
                                           std::to_string(results.episodes_in_file) +
                                           " episodes are missing: " + NamesOfEpisodes(results.missing) + ".",
                                       true});
  }
  section.blocks.push_back(StripFigure(scored, arms));
  section.blocks.push_back(EpisodeTable(scored));
  section.blocks.push_back(ClassTable(scored));
  for (const ReportArm* arm : scored) {
    std::vector<std::string> notes = CollectNotes(*arm->scored);
    if (!notes.empty())
      section.blocks.push_back(
          PageList{.title = Heading(*arm, arms) + ": differences from the paper, and training data of the models",
                   .items = std::move(notes),
                   .folded = true});
  }
  return section;
}

PageSection ComparisonSection(const std::vector<ReportArm>& arms, const BootstrapOptions& bootstrap) {
  PageSection section{.id = "comparison", .title = "Paired differences", .blocks = {}};
  const std::vector<const ReportArm*> scored = Scored(arms);
  PageTable table{.caption = "Differences on the same episodes, in percentage points, with 95 % intervals",
                  .head = {"difference", "first %", "second %", "first - second", "classes resampled", "episodes"}};
  std::vector<PageBlock> notes;
  for (size_t k = 1; k < scored.size(); ++k) {
    const std::string name = scored[0]->title() + " - " + scored[k]->title();
    try {
      const Comparison comparison = Compare(scored[0]->scored->results, scored[k]->scored->results, bootstrap);
      table.rows.push_back(ComparisonCells(*scored[0], *scored[k], comparison));
      if (!comparison.configuration_differences.empty())
        notes.push_back(PageList{.title = name + ": differences in configuration",
                                 .items = comparison.configuration_differences,
                                 .folded = true});
    } catch (const Error& error) {
      if (error.code() != ExitCode::kBadInput) throw;
      notes.push_back(Paragraph{name + " cannot be paired. " + error.what(), true});
    }
  }
  if (!table.rows.empty()) section.blocks.push_back(table);
  section.blocks.insert(section.blocks.end(), notes.begin(), notes.end());
  return section;
}

}  // namespace tint::internal

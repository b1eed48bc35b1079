// SPDX-License-Identifier: Apache-2.0
// Losses and accuracies over the steps of the stages, as curves and as charts.
#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "report_arms.h"
#include "tint/analysis/results.h"
#include "tint/artifacts/null_text_paths.h"
#include "tint/artifacts/training_curves.h"
#include "tint/base/json.h"
#include "tint/report/chart.h"
#include "tint/statistics/bootstrap.h"

namespace tint::internal {
namespace {

constexpr size_t kChartPoints = 150;

double FinishedAt(const CompletedStage& stage) {
  return std::chrono::duration<double>(std::chrono::file_clock::to_sys(stage.finished_at()).time_since_epoch()).count();
}

// A curve of `stage` without name and values.
Curve Begin(const ReportArm& arm, uint64_t episode_idx, const std::string& stage, const CompletedStage& result) {
  return {.result = arm.label, .episode = EpisodeLabel(episode_idx), .stage = stage, .wall_time = FinishedAt(result)};
}

// A curve a loss, steps 1, 2, ...
std::vector<Curve> NumberLists(const CompletedStage& stage, const Curve& begin) {
  std::vector<Curve> curves;
  for (const auto& [name, values] : ReadLossCurves(stage)) {
    Curve curve = begin;
    curve.name = name;
    curve.values = values;
    for (size_t k = 0; k < values.size(); ++k) curve.steps.push_back(static_cast<int64_t>(k) + 1);
    curves.push_back(std::move(curve));
  }
  return curves;
}

std::string NameOfFile(const ReportClasses& classes, const std::string& file) {
  const auto found = std::find(classes.files.begin(), classes.files.end(), file);
  return found == classes.files.end() ? file : classes.names[static_cast<size_t>(found - classes.files.begin())];
}

void AddTextualInversion(const CompletedStage& stage, const ReportClasses& classes, const Curve& begin,
                         std::vector<Curve>* curves) {
  for (Curve& curve : NumberLists(stage, begin)) {
    curve.class_name = NameOfFile(classes, curve.name);
    curve.name = "loss";
    curves->push_back(std::move(curve));
  }
}

// Of each photo over the timesteps, before and after its null-text embeddings were optimised.
void AddNullText(const CompletedStage& stage, const ReportClasses& classes, const Curve& begin,
                 std::vector<Curve>* curves) {
  for (size_t c = 0; c < classes.files.size(); ++c) {
    const NullTextPaths paths = NullTextPaths::Read(stage, classes.files[c]);
    for (const auto& [name, loss] : {std::pair("initial_loss", paths.initial_loss), std::pair("loss", paths.loss)}) {
      if (!loss.defined()) continue;  // paths that were imported
      const int64_t steps = loss.size(1);
      for (int64_t k = 0; k < loss.size(0); ++k) {
        Curve curve = begin;
        curve.class_name = classes.names[c];
        curve.name = std::string(name) + "/photo-" + std::to_string(k);
        for (int64_t i = 0; i < steps; ++i) {
          curve.steps.push_back(i + 1);
          curve.values.push_back(loss.const_data_ptr<float>()[k * steps + i]);
        }
        curves->push_back(std::move(curve));
      }
    }
  }
}

void AddDistill(const CompletedStage& stage, const Curve& begin, std::vector<Curve>* curves) {
  for (Curve& curve : NumberLists(stage, begin)) {
    curve.name = "loss/" + curve.name;
    curves->push_back(std::move(curve));
  }
  const std::vector<AccuracyPoint> points = ReadAccuracyCurve(stage);
  if (points.empty()) return;
  Curve curve = begin;
  curve.name = "accuracy";
  for (const AccuracyPoint& point : points) {
    curve.steps.push_back(point.step);
    curve.values.push_back(point.accuracy);
  }
  curves->push_back(std::move(curve));
}

// Curves of one legend entry: a single line, or several as their mean and a band.
struct LineGroup {
  std::string label;
  std::vector<Curve> curves;
};

// The mean of curves with equal steps, and the band from the 10th to the 90th percentile.
void AddMeanAndBand(const std::vector<Curve>& curves, int colour, LineChart* chart) {
  Series mean{.x = {}, .y = {}, .colour = colour},
      band{.kind = Series::Kind::kBand, .x = {}, .y = {}, .colour = colour};
  for (size_t k = 0; k < curves[0].steps.size(); ++k) {
    std::vector<double> at;
    for (const Curve& curve : curves) {
      if (curve.steps == curves[0].steps) at.push_back(curve.values[k]);
    }
    std::sort(at.begin(), at.end());
    double sum = 0;
    for (const double value : at) sum += value;
    for (Series* series : {&mean, &band}) series->x.push_back(static_cast<double>(curves[0].steps[k]));
    mean.y.push_back(sum / static_cast<double>(at.size()));
    band.y.push_back(Percentile(at, 0.1));
    band.high.push_back(Percentile(at, 0.9));
  }
  chart->series.insert(chart->series.begin(), std::move(band));  // below all lines
  chart->series.push_back(std::move(mean));
}

std::string ThreeDigits(double value) { return fmt::format("{:.3g}", value); }

struct ChartText {
  std::string id, title, x_label, y_label, caption;
  bool log_y = false;
  bool percent = false;  // of shares
};

// First and last value of a group's line, for the text alternative of the chart.
std::string Ends(const Series& line, const std::string& label) {
  return " " + label + ": from " + ThreeDigits(line.y.front()) + " to " + ThreeDigits(line.y.back()) + ".";
}

Figure DrawGroups(const ChartText& text, const std::vector<LineGroup>& groups) {
  LineChart chart{.x_label = text.x_label,
                  .y_label = text.y_label,
                  .log_y = text.log_y,
                  .max = text.percent ? 100 : LineChart().max};
  Figure figure{.title = text.title, .alt = "Line chart: " + text.title + ".", .caption = text.caption};
  bool binned = false, bands = false;
  for (size_t g = 0; g < groups.size(); ++g) {
    const int colour = 1 + static_cast<int>(g) % kChartColours;
    std::vector<Curve> curves;
    for (const Curve& curve : groups[g].curves) {
      binned = binned || curve.values.size() > kChartPoints;
      curves.push_back(InBins(curve, kChartPoints));
      if (text.percent) {
        for (double& value : curves.back().values) value *= 100;
      }
    }
    if (curves.size() > 1) {
      AddMeanAndBand(curves, colour, &chart);
    } else {
      chart.series.push_back(
          {.x = {curves[0].steps.begin(), curves[0].steps.end()}, .y = curves[0].values, .colour = colour});
    }
    bands = bands || curves.size() > 1;
    const std::string count = curves.size() > 1 ? ", mean of " + std::to_string(curves.size()) : "";
    figure.legend.push_back({LegendEntry::Mark::kLine, colour, groups[g].label + count});
    figure.alt += Ends(chart.series.back(), groups[g].label);
  }
  if (bands) figure.caption += " Shaded: from the 10th to the 90th percentile.";
  if (binned) figure.caption += " Each point is the mean of neighbouring steps.";
  figure.svg = DrawLineChart(chart, text.id);
  return figure;
}

std::vector<Curve> Select(const std::vector<Curve>& curves, const std::string& stage, const std::string& name) {
  std::vector<Curve> some;
  for (const Curve& curve : curves) {
    const bool same = curve.name == name || curve.name.starts_with(name + "/");
    const auto finite = [](double value) { return std::isfinite(value); };
    if (curve.stage == stage && same && std::any_of(curve.values.begin(), curve.values.end(), finite))
      some.push_back(curve);
  }
  return some;
}

// One line per curve if there are few, else one group of all curves.
template <class Label>
std::vector<LineGroup> GroupCurves(const std::vector<Curve>& curves, const std::string& all, Label label) {
  if (curves.size() > static_cast<size_t>(kChartColours)) return {{all, curves}};
  std::vector<LineGroup> groups;
  for (const Curve& curve : curves) groups.push_back({label(curve), {curve}});
  return groups;
}

std::vector<Figure> FiguresOf(const ReportArm& arm, const std::vector<Curve>& curves) {
  std::vector<Figure> figures;
  const std::string id = "chart-" + arm.letter;
  const bool one = arm.episodes.size() == 1;
  if (const auto losses = Select(curves, "textual-inversion", "loss"); !losses.empty())
    figures.push_back(DrawGroups({id + "-ti", "Textual inversion", "step", "loss", "", true},
                                 GroupCurves(losses, "classes and episodes", [&](const Curve& curve) {
                                   return one ? curve.class_name : "episode " + curve.episode + ", " + curve.class_name;
                                 })));
  const auto before = Select(curves, "null-text-inversion", "initial_loss");
  const auto after = Select(curves, "null-text-inversion", "loss");
  if (!after.empty()) {
    std::vector<LineGroup> groups;
    if (!before.empty()) groups.push_back({"before optimization", before});
    groups.push_back({"after optimization", after});
    figures.push_back(DrawGroups({id + "-nt", "Null-text inversion", "timestep, from noise to image", "loss",
                                  "Distance to the inverted path, over all photos.", true},
                                 groups));
  }
  std::vector<LineGroup> sources;
  for (const char* source : {"support", "base", "synthetic"}) {
    const auto losses = Select(curves, "distill", std::string("loss/") + source);
    if (!losses.empty()) sources.push_back({source, losses});
  }
  if (!sources.empty()) figures.push_back(DrawGroups({id + "-kd", "Distillation", "step", "loss", "", true}, sources));
  if (const auto accuracies = Select(curves, "distill", "accuracy"); !accuracies.empty())
    figures.push_back(
        DrawGroups({id + "-acc", "Accuracy over distillation", "step", "accuracy %",
                    "On the queries of validation episodes.", false, true},
                   GroupCurves(accuracies, "episodes", [](const Curve& curve) { return "episode " + curve.episode; })));
  return figures;
}

}  // namespace

std::vector<Curve> CurvesOf(const ReportArm& arm) {
  std::vector<Curve> curves;
  for (const auto& [episode_idx, stages] : arm.episodes) {
    const ReportClasses classes = ClassesOf(stages);
    for (const auto& [name, stage] : stages) {
      const Curve begin = Begin(arm, episode_idx, name, stage);
      if (name == "textual-inversion") AddTextualInversion(stage, classes, begin, &curves);
      if (name == "null-text-inversion") AddNullText(stage, classes, begin, &curves);
      if (name == "distill") AddDistill(stage, begin, &curves);
    }
  }
  return curves;
}

PageSection CurveSection(const std::vector<ReportArm>& arms, const std::vector<std::vector<Curve>>& curves) {
  PageSection section{.id = "curves", .title = "Losses", .blocks = {}};
  for (size_t a = 0; a < arms.size(); ++a) {
    const std::vector<Figure> figures = FiguresOf(arms[a], curves[a]);
    if (figures.empty()) continue;
    if (arms.size() > 1) section.blocks.push_back(SubHeading{Heading(arms[a], arms)});
    for (const Figure& figure : figures) section.blocks.push_back(figure);
  }
  return section;
}

}  // namespace tint::internal

// What stages keep of their losses, as curves and as charts.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "report_arms.h"
#include "tint/analysis/results.h"
#include "tint/report/chart.h"
#include "tint/statistics/bootstrap.h"
#include "tint/tensor/safetensors.h"

namespace tint::internal {
namespace {

constexpr size_t kChartPoints = 150;

double FinishedAt(const CompletedStage& stage) {
  const auto when = std::filesystem::last_write_time(stage.folder() / "done.json");
  return std::chrono::duration<double>(std::chrono::file_clock::to_sys(when).time_since_epoch()).count();
}

// A curve of `stage` that waits for its name and values.
Curve Begin(const ReportArm& arm, uint64_t episode_idx, const std::string& stage, const CompletedStage& result) {
  return {.result = arm.label, .episode = EpisodeName(episode_idx), .stage = stage, .wall_time = FinishedAt(result)};
}

// {"red-disc": [0.3, 0.2, ...], ...}: a curve a member, steps 1, 2, ...
std::vector<Curve> NumberLists(const CompletedStage& stage, const Curve& begin) {
  const JsonDocument document =
      ParseJson(stage.Read("loss.json"), (stage.folder() / "loss.json").string(), ExitCode::kCorrupt);
  std::vector<Curve> curves;
  for (const auto& [name, values] : RequireObject(document, "", ExitCode::kCorrupt).items()) {
    Curve curve = begin;
    curve.name = name;
    for (const Json& value : values) {
      curve.steps.push_back(static_cast<int64_t>(curve.steps.size()) + 1);
      curve.values.push_back(value.is_number() ? value.get<double>() : NAN);
    }
    curves.push_back(std::move(curve));
  }
  return curves;
}

std::string NameOfFile(const ReportClasses& classes, const std::string& file) {
  const auto found = std::find(classes.files.begin(), classes.files.end(), file);
  return found == classes.files.end() ? file : classes.names[static_cast<size_t>(found - classes.files.begin())];
}

bool HasFile(const CompletedStage& stage, const std::string& file) {
  const std::vector<std::string> files = stage.Files();
  return std::binary_search(files.begin(), files.end(), file);
}

void AddTextualInversion(const CompletedStage& stage, const ReportClasses& classes, const Curve& begin,
                         std::vector<Curve>* curves) {
  if (!HasFile(stage, "loss.json")) return;  // words that were taken over
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
    const std::string file = classes.files[c] + ".safetensors";
    const NamedTensors tensors = ParseSafetensors(stage.Read(file), file);
    for (const char* name : {"initial_loss", "loss"}) {
      if (tensors.count(name) == 0) continue;  // a method without one, or paths that were taken over
      const at::Tensor loss = RequireTensor(tensors, name, {-1, -1}, at::kFloat, file);
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
  if (!HasFile(stage, "accuracy.json")) return;
  const std::string file = (stage.folder() / "accuracy.json").string();
  const JsonDocument document = ParseJson(stage.Read("accuracy.json"), file, ExitCode::kCorrupt);
  Curve curve = begin;
  curve.name = "accuracy";
  for (size_t k = 0; k < RequireArray(document, "", ExitCode::kCorrupt).size(); ++k) {
    const std::string at = "/" + std::to_string(k);
    curve.steps.push_back(RequireInteger(document, at + "/step", 0, INT64_MAX, ExitCode::kCorrupt));
    curve.values.push_back(RequireNumber(document, at + "/accuracy", 0, 1, ExitCode::kCorrupt));
  }
  curves->push_back(std::move(curve));
}

// Lines that belong together: one alone, or several as their mean and a band.
struct LineGroup {
  std::string label;
  std::vector<Curve> curves;
};

// Of equal steps, the mean and the band from the 10th to the 90th of a hundred.
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

std::string Short(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

struct ChartWords {
  std::string id, title, x_label, y_label, caption;
  bool log_y = false;
  bool percent = false;  // of shares
};

// What a group's line is at its first and last step, for those who do not see the chart.
std::string Ends(const Series& line, const std::string& label) {
  return " " + label + ": from " + Short(line.y.front()) + " to " + Short(line.y.back()) + ".";
}

Figure DrawGroups(const ChartWords& words, const std::vector<LineGroup>& groups) {
  LineChart chart{.x_label = words.x_label,
                  .y_label = words.y_label,
                  .log_y = words.log_y,
                  .most = words.percent ? 100 : LineChart().most};
  Figure figure{.title = words.title, .alt = "Line chart: " + words.title + ".", .caption = words.caption};
  bool binned = false, bands = false;
  for (size_t g = 0; g < groups.size(); ++g) {
    const int colour = 1 + static_cast<int>(g) % kChartColours;
    std::vector<Curve> curves;
    for (const Curve& curve : groups[g].curves) {
      binned = binned || curve.values.size() > kChartPoints;
      curves.push_back(InBins(curve, kChartPoints));
      if (words.percent) {
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
  figure.svg = DrawLineChart(chart, words.id);
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

// Each its own line where there are few, else all together.
template <class Label>
std::vector<LineGroup> EachOrAll(const std::vector<Curve>& curves, const std::string& all, Label label) {
  if (curves.size() > static_cast<size_t>(kChartColours)) return {{all, curves}};
  std::vector<LineGroup> groups;
  for (const Curve& curve : curves) groups.push_back({label(curve), {curve}});
  return groups;
}

std::vector<Figure> FiguresOf(const ReportArm& arm, const std::vector<Curve>& curves) {
  std::vector<Figure> figures;
  const std::string id = "chart-" + arm.letter;
  const bool one = arm.episodes.size() == 1;
  if (const auto words = Select(curves, "textual-inversion", "loss"); !words.empty())
    figures.push_back(DrawGroups({id + "-ti", "Textual inversion", "step", "loss", "", true},
                                 EachOrAll(words, "classes and episodes", [&](const Curve& curve) {
                                   return one ? curve.class_name : "episode " + curve.episode + ", " + curve.class_name;
                                 })));
  const auto before = Select(curves, "null-text-inversion", "initial_loss");
  const auto after = Select(curves, "null-text-inversion", "loss");
  if (!after.empty()) {
    std::vector<LineGroup> groups;
    if (!before.empty()) groups.push_back({"before the inner steps", before});
    groups.push_back({"after them", after});
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
                   EachOrAll(accuracies, "episodes", [](const Curve& curve) { return "episode " + curve.episode; })));
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

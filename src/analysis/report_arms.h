// SPDX-License-Identifier: Apache-2.0
// The results that a report shows, and the sections of its page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tint/analysis/collect.h"
#include "tint/analysis/report.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/run_folder.h"
#include "tint/report/curve.h"
#include "tint/report/page.h"

namespace tint::internal {

using StagesOfEpisode = std::map<std::string, CompletedStage>;  // by stage

// One result of a report: a configuration of a run, or a file of results.
struct ReportArm {
  std::string letter;                                 // "A"; used in file names
  std::string label;                                  // its path, and its configuration if the run has several
  std::optional<RunFolder> run;                       // absent for a file of results
  std::optional<CollectReport> scored;                // absent if no episode is scored yet
  std::map<uint64_t, StagesOfEpisode> episodes = {};  // of a run: the stages behind each episode's result
  std::string name = {};                              // set by --name; "": none

  // Its name in tables and charts.
  const std::string& title() const { return name.empty() ? letter : name; }
  int colour() const { return 1 + (letter[0] - 'A') % 6; }
};

// As described at MakeReport.
std::vector<ReportArm> ReadArms(const std::vector<std::string>& paths, const ReportOptions& options);

// The classes' names in the order of the episode, and the names that their files have ("class-003" where the name is
// not plain). Empty if no stage recorded them.
struct ReportClasses {
  std::vector<std::string> names, files;
};
ReportClasses ClassesOf(const StagesOfEpisode& stages);

// All losses and accuracies over steps that the stages recorded.
std::vector<Curve> CurvesOf(const ReportArm& arm);

// A section without blocks is left out of the page.
PageSection AccuracySection(const std::vector<ReportArm>& arms);
PageSection ComparisonSection(const std::vector<ReportArm>& arms, const BootstrapOptions& bootstrap);
PageSection CurveSection(const std::vector<ReportArm>& arms, const std::vector<std::vector<Curve>>& curves);
PageSection ImageSection(const std::vector<ReportArm>& arms, int64_t episodes);
PageSection FidSection(const std::vector<std::string>& files);
PageSection CostSection(const std::vector<ReportArm>& arms);
PageSection ProvenanceSection(const std::vector<ReportArm>& arms);

// With `digits` significant digits: "0.0123".
std::string ShortNumber(double value, int digits);
// "2, 40 to 119".
std::string NamesOfEpisodes(const std::vector<uint64_t>& ascending);
// "A: runs/mini", "with images: runs/mini", or the label alone where there is one result.
std::string Heading(const ReportArm& arm, const std::vector<ReportArm>& arms);

}  // namespace tint::internal

// What a report is about, read; and the sections of its page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tint/analysis/collect.h"
#include "tint/analysis/report.h"
#include "tint/artifacts/run_folder.h"
#include "tint/report/curve.h"
#include "tint/report/page.h"

namespace tint::internal {

using StagesOfEpisode = std::map<std::string, CompletedStage>;  // by stage

// One result of a report: a configuration of a run, or a file of results.
struct ReportArm {
  std::string letter;                                 // "A": what files call it
  std::string label;                                  // its path, and the configuration where its run holds several
  std::optional<RunFolder> run;                       // none: a file of results
  std::optional<CollectReport> scored;                // none: nothing is scored yet
  std::map<uint64_t, StagesOfEpisode> episodes = {};  // of a run: what each episode's result was made by
  std::string name = {};                              // what the reader calls it; "": nothing

  // What tables and charts call it.
  const std::string& title() const { return name.empty() ? letter : name; }
  int colour() const { return 1 + (letter[0] - 'A') % 6; }
};

// As MakeReport says.
std::vector<ReportArm> ReadArms(const std::vector<std::string>& paths, const ReportOptions& options);

// The classes' names in the order of the episode, and the names that their files have ("class-003" where the name is
// not plain). Empty where no stage tells.
struct ReportClasses {
  std::vector<std::string> names, files;
};
ReportClasses ClassesOf(const StagesOfEpisode& stages);

// Everything that the stages kept of losses and accuracies over steps.
std::vector<Curve> CurvesOf(const ReportArm& arm);

// A section without blocks has nothing to show.
PageSection AccuracySection(const std::vector<ReportArm>& arms);
PageSection ComparisonSection(const std::vector<ReportArm>& arms, const BootstrapOptions& bootstrap);
PageSection CurveSection(const std::vector<ReportArm>& arms, const std::vector<std::vector<Curve>>& curves);
PageSection ImageSection(const std::vector<ReportArm>& arms, int64_t episodes);
PageSection FidSection(const std::vector<std::string>& files);
PageSection CostSection(const std::vector<ReportArm>& arms);
PageSection ProvenanceSection(const std::vector<ReportArm>& arms);

// "2, 40 to 119".
std::string NamesOfEpisodes(const std::vector<uint64_t>& ascending);
// "A: runs/mini", "with images: runs/mini", or the label alone where there is one result.
std::string Heading(const ReportArm& arm, const std::vector<ReportArm>& arms);

}  // namespace tint::internal

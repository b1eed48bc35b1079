// The row of stages for one episode: redoes only what is missing or out of date.
#pragma once

#include <string>
#include <vector>

#include "tint/stages/stage.h"

namespace tint {

struct StageReport {
  std::string stage;
  std::string key;
  bool reused = false;
  StageCost cost;
};

struct PipelineResult {
  std::vector<StageReport> stages;
  StageResults results;
};

// Runs `stage` alone: its predecessors must be complete for these options, else Error(kMissingInput) that names the
// command to run. Or, with stage = "specialize", the whole pipeline (evaluate only where there is something to score).
// A result that is there is checked against its hashes (Error(kCorrupt)) and used. Holds the episode's lease meanwhile.
// `manifest_part` is merged into run.json first.
PipelineResult RunPipeline(const StageContext& context, const std::string& stage, const Json& manifest_part);

// What RunPipeline would do: one entry a stage.
struct PlannedStage {
  std::string stage;
  std::string key;               // "" while an earlier stage has yet to run
  std::string state;             // "complete", "would run", "would go on" (an interrupted one), "needs <stage>"
  std::vector<std::string> why;  // differences to the newest complete result of this stage
  StageEstimate estimate;
};
std::vector<PlannedStage> PlanPipeline(const StageContext& context, const std::string& stage);

// The JSON object of a run: accuracy, queries, episode, student, run, stages, student_file.
Json ResultJson(const StageContext& context, const PipelineResult& result);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The pipeline of stages for one episode: runs only what is missing or out of date.
#pragma once

#include <string>
#include <vector>

#include "tint/stages/stage.h"
#include "tint/stages/stage_inputs.h"

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
// An existing result is checked against its hashes (Error(kCorrupt)) and used. Holds the episode's lease meanwhile.
// `manifest_part` is merged into run.json first.
PipelineResult RunPipeline(const StageInputs& inputs, const std::string& stage, const Json& manifest_part);

// What RunPipeline would do: one entry for each stage.
struct PlannedStage {
  std::string stage;
  std::string key;               // "" while an earlier stage has yet to run
  std::string state;             // "complete", "would run", "would resume", "missing: run tint <stage>"
  std::vector<std::string> why;  // differences to the newest complete result of this stage
  StageEstimate estimate;
};
std::vector<PlannedStage> PlanPipeline(const StageInputs& inputs, const std::string& stage);

// The JSON object of a run: accuracy, queries, episode, student, run, stages, student_file.
Json ResultJson(const StageInputs& inputs, const PipelineResult& result);

}  // namespace tint

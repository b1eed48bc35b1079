// SPDX-License-Identifier: Apache-2.0
// Losses and accuracies over the steps of a stage, for people and plots. Canonical JSON and a newline:
//
//   loss.json       {"<curve>": [0.31, 0.28, ...], ...}: one finite number a step. Curves of
//                   textual-inversion are classes (ClassFileStem), those of distill are sources: support, base,
//                   synthetic
//   accuracy.json   [{"step": 100, "accuracy": 0.72}, ...]: with --distill.evaluate-every, on validation queries
//   curve.json      of pretraining, by epoch: {"loss": [...], "validation_accuracy": [...]}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"

namespace tint {

using LossCurves = std::map<std::string, std::vector<double>>;
void WriteLossCurves(const LossCurves& curves, StageWriter& writer);
// {} if the stage has no loss.json. NaN for anything that is not a number.
LossCurves ReadLossCurves(const CompletedStage& stage);

struct AccuracyPoint {
  int64_t step = 0;
  double accuracy = 0;
};
void WriteAccuracyCurve(const std::vector<AccuracyPoint>& points, StageWriter& writer);
// {} if the stage has no accuracy.json.
std::vector<AccuracyPoint> ReadAccuracyCurve(const CompletedStage& stage);

void WritePretrainingCurves(const std::vector<double>& losses, const std::vector<double>& validation_accuracies,
                            StageWriter& writer);

}  // namespace tint

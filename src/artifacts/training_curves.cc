// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/training_curves.h"

#include <cmath>

#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint {
namespace {

constexpr char kLossFile[] = "loss.json", kAccuracyFile[] = "accuracy.json", kPretrainingFile[] = "curve.json";

}  // namespace

void WriteLossCurves(const LossCurves& curves, StageWriter& writer) {
  writer.Put(kLossFile, CanonicalJson(Json(curves)) + "\n");
}

LossCurves ReadLossCurves(const CompletedStage& stage) {
  LossCurves curves;
  if (!stage.Has(kLossFile)) return curves;
  const JsonDocument document =
      ParseJson(stage.Read(kLossFile), (stage.folder() / kLossFile).string(), ExitCode::kCorrupt);
  for (const auto& [name, values] : RequireObject(document, "", ExitCode::kCorrupt).items()) {
    std::vector<double>& curve = curves[name];
    for (const Json& value : values) curve.push_back(value.is_number() ? value.get<double>() : NAN);
  }
  return curves;
}

void WriteAccuracyCurve(const std::vector<AccuracyPoint>& points, StageWriter& writer) {
  Json json = Json::array();
  for (const AccuracyPoint& point : points) json.push_back({{"step", point.step}, {"accuracy", point.accuracy}});
  writer.Put(kAccuracyFile, CanonicalJson(json) + "\n");
}

std::vector<AccuracyPoint> ReadAccuracyCurve(const CompletedStage& stage) {
  std::vector<AccuracyPoint> points;
  if (!stage.Has(kAccuracyFile)) return points;
  const std::string file = (stage.folder() / kAccuracyFile).string();
  const JsonDocument document = ParseJson(stage.Read(kAccuracyFile), file, ExitCode::kCorrupt);
  const size_t count = RequireArray(document, "", ExitCode::kCorrupt).size();
  for (size_t k = 0; k < count; ++k) {
    const std::string point = "/" + std::to_string(k);
    points.push_back({.step = RequireInteger(document, point + "/step", 0, INT64_MAX, ExitCode::kCorrupt),
                      .accuracy = RequireNumber(document, point + "/accuracy", 0, 1, ExitCode::kCorrupt)});
  }
  return points;
}

void WritePretrainingCurves(const std::vector<double>& losses, const std::vector<double>& validation_accuracies,
                            StageWriter& writer) {
  writer.Put(kPretrainingFile,
             CanonicalJson({{"loss", losses}, {"validation_accuracy", validation_accuracies}}) + "\n");
}

}  // namespace tint

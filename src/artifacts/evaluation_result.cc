// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/evaluation_result.h"

#include <algorithm>
#include <cmath>

#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr char kResultFile[] = "result.json", kPredictionsFile[] = "predictions.jsonl";
constexpr ExitCode kBadResult = ExitCode::kCorrupt;

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::optional<double> ShareOf(int64_t correct, int64_t queries) {
  if (queries == 0) return std::nullopt;
  return static_cast<double>(correct) / static_cast<double>(queries);
}

int64_t QueriesOf(const std::vector<ClassScore>& classes) {
  int64_t queries = 0;
  for (const ClassScore& one : classes) queries += one.queries;
  return queries;
}

std::string PredictionLines(const std::vector<QueryPrediction>& predictions) {
  std::string lines;
  for (const QueryPrediction& one : predictions)
    lines += CanonicalJson({{"class", one.class_name},
                            {"file", one.file},
                            {"label", one.label},
                            {"predicted", one.predicted},
                            {"logits", one.logits}}) +
             "\n";
  return lines;
}

std::vector<QueryPrediction> ParsePredictions(const std::string& lines, const std::string& file) {
  std::vector<QueryPrediction> predictions;
  for (const std::string& line : Split(lines, '\n')) {
    if (line.empty()) continue;
    const JsonDocument document = ParseJson(line, file, kBadResult);
    QueryPrediction one{.class_name = RequireString(document, "/class", kBadResult),
                        .file = RequireString(document, "/file", kBadResult),
                        .label = RequireInteger(document, "/label", 0, INT64_MAX, kBadResult),
                        .predicted = RequireInteger(document, "/predicted", 0, INT64_MAX, kBadResult),
                        .logits = {}};
    for (const Json& logit : RequireArray(document, "/logits", kBadResult))
      one.logits.push_back(logit.is_number() ? logit.get<float>() : NAN);
    predictions.push_back(std::move(one));
  }
  return predictions;
}

std::vector<ClassScore> CountByClass(const std::vector<QueryPrediction>& predictions) {
  std::vector<ClassScore> classes;
  for (const QueryPrediction& one : predictions) {
    auto found =
        std::find_if(classes.begin(), classes.end(), [&](const ClassScore& c) { return c.name == one.class_name; });
    if (found == classes.end()) found = classes.insert(classes.end(), {one.class_name, 0, 0});
    ++found->queries;
    found->correct += one.is_correct() ? 1 : 0;
  }
  return classes;
}

Json NearDuplicatesToJson(const NearDuplicates& near) {
  Json pairs = Json::array();
  for (const NearDuplicatePair& pair : near.pairs)
    pairs.push_back({{"support", pair.support},
                     {"query", pair.query},
                     {"distance", pair.distance},
                     {"cosine", OrNull(pair.cosine)}});
  return {{"near_duplicates", pairs},
          {"near_duplicate_pairs", near.pair_count},
          {"near_duplicate_queries", near.queries},
          {"accuracy_without_near_duplicates", OrNull(near.accuracy_without)}};
}

std::optional<NearDuplicates> NearDuplicatesFromJson(const JsonDocument& document) {
  if (!document.root.contains("near_duplicate_queries")) return std::nullopt;
  NearDuplicates near;
  near.queries = RequireInteger(document, "/near_duplicate_queries", 0, INT64_MAX, kBadResult);
  if (document.root.contains("near_duplicate_pairs"))
    near.pair_count = RequireInteger(document, "/near_duplicate_pairs", 0, INT64_MAX, kBadResult);
  const auto accuracy = document.root.find("accuracy_without_near_duplicates");
  if (accuracy != document.root.end() && accuracy->is_number()) near.accuracy_without = accuracy->get<double>();
  return near;
}

void CheckAccuracy(const JsonDocument& document, const EvaluationResult& result) {
  const double stated = RequireNumber(document, "/accuracy", 0, 1, kBadResult);
  const double counted = result.Accuracy().value_or(NAN);
  if (std::abs(stated - counted) <= 1e-12) return;
  document.Fail(kBadResult, "/accuracy", std::to_string(stated),
                std::to_string(counted) + ", computed from the predictions");
}

}  // namespace

std::string EvaluationResult::ConfigurationSha256() const { return Sha256Hex(CanonicalJson(configuration)); }

std::optional<double> EvaluationResult::Accuracy() const {
  int64_t correct = 0;
  for (const ClassScore& one : classes) correct += one.correct;
  return ShareOf(correct, QueriesOf(classes));
}

void EvaluationResult::Write(StageWriter& writer) const {
  writer.Put(kPredictionsFile, PredictionLines(predictions));
  Json of_classes = Json::array();
  for (const ClassScore& one : classes)
    of_classes.push_back(
        {{"class", one.name}, {"queries", one.queries}, {"accuracy", OrNull(ShareOf(one.correct, one.queries))}});
  Json json = {{"schema", 1},
               {"accuracy", OrNull(Accuracy())},
               {"queries", QueriesOf(classes)},
               {"student", student},
               {"dataset", dataset},
               {"split", split},
               {"shots", shots},
               {"episodes_sha256", episodes_sha256},
               {"episodes_in_file", episodes_in_file},
               {"classes", of_classes},
               {"queries_per_class", queries_per_class},
               {"configuration", configuration},
               {"configuration_sha256", ConfigurationSha256()},
               {"disclosure", disclosure}};
  if (near_duplicates) json.update(NearDuplicatesToJson(*near_duplicates));
  if (episode_idx) json["episode"] = *episode_idx;
  writer.Put(kResultFile, SealJson(json));
}

Json EvaluationResult::Metrics() const {
  Json metrics = {{"accuracy", OrNull(Accuracy())}, {"queries", QueriesOf(classes)}};
  if (!near_duplicates) return metrics;
  metrics["near_duplicate_queries"] = near_duplicates->queries;
  metrics["accuracy_without_near_duplicates"] = OrNull(near_duplicates->accuracy_without);
  return metrics;
}

EvaluationResult EvaluationResult::Read(const CompletedStage& evaluate) {
  const JsonDocument document =
      ParseJson(evaluate.Read(kResultFile), (evaluate.folder() / kResultFile).string(), kBadResult);
  CheckSeal(document);
  const auto whole = [&](const char* pointer) { return RequireInteger(document, pointer, 0, INT64_MAX, kBadResult); };
  EvaluationResult result;
  result.predictions =
      ParsePredictions(evaluate.Read(kPredictionsFile), (evaluate.folder() / kPredictionsFile).string());
  result.classes = CountByClass(result.predictions);
  CheckAccuracy(document, result);
  result.student = RequireString(document, "/student", kBadResult);
  result.dataset = RequireString(document, "/dataset", kBadResult);
  if (document.root.contains("split")) result.split = RequireString(document, "/split", kBadResult);
  if (document.root.contains("shots")) result.shots = whole("/shots");
  if (document.root.contains("episode")) result.episode_idx = static_cast<uint64_t>(whole("/episode"));
  result.queries_per_class = whole("/queries_per_class");
  result.episodes_sha256 = RequireString(document, "/episodes_sha256", kBadResult);
  result.episodes_in_file = static_cast<uint64_t>(whole("/episodes_in_file"));
  result.configuration = RequireObject(document, "/configuration", kBadResult);
  if (document.root.contains("disclosure")) result.disclosure = RequireObject(document, "/disclosure", kBadResult);
  if (RequireString(document, "/configuration_sha256", kBadResult) != result.ConfigurationSha256())
    document.Fail(kBadResult, "/configuration_sha256", "is not that of the configuration",
                  result.ConfigurationSha256());
  result.near_duplicates = NearDuplicatesFromJson(document);
  return result;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// evaluate: every query of the episode, each prediction stored, after the checks for leakage. docs/method.md, Leakage
// checks.

#include <ATen/ATen.h>

#include <algorithm>
#include <set>

#include "leakage_checks.h"
#include "stages.h"
#include "tint/artifacts/evaluation_result.h"
#include "tint/artifacts/student_bundle.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/data/loader.h"
#include "tint/fewshot/distill.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr int64_t kEvaluateVersion = 3;  // 2: checks for leakage, near-duplicates, disclosure; 3: by the teacher too

// What was configured upstream, so that results of different configurations are never averaged: all key components of
// every stage but the episode and its inputs.
Json ConfigurationOf(const StageResults& earlier) {
  Json configuration = Json::object();
  for (const auto& [name, stage] : earlier) {
    Json components = stage.components();
    const Json base = components.value("inputs", Json::object()).value("base images", Json());
    components.erase("inputs");
    if (!base.is_null()) components["base images"] = base;  // unlike the other inputs the same in all episodes
    components.erase("episode");
    configuration[name] = components;
  }
  return configuration;
}

std::vector<QueryPrediction> PredictionsOf(const LabeledFiles& queries, const at::Tensor& logits) {
  const at::Tensor predicted = logits.argmax(1).contiguous();
  std::vector<QueryPrediction> predictions;
  for (size_t q = 0; q < queries.files.size(); ++q) {
    const auto row = static_cast<int64_t>(q);
    QueryPrediction one{.class_name = queries.files[q].class_name,
                        .file = queries.files[q].file,
                        .label = queries.labels[q],
                        .predicted = predicted[row].item<int64_t>(),
                        .logits = {}};
    for (int64_t n = 0; n < logits.size(1); ++n) one.logits.push_back(logits[row][n].item<float>());
    predictions.push_back(std::move(one));
  }
  return predictions;
}

class EvaluateStage : public Stage {
 public:
  EvaluateStage(const EvaluateInputs& inputs, const RunEpisode& episode, const RunSettings& settings,
                const ModelSet& models)
      : Stage(episode, settings, models), inputs_(inputs), student_(inputs.student, episode, settings, models) {}
  std::string name() const override { return "evaluate"; }
  std::vector<std::string> needs() const override { return inputs_.stages; }
  std::vector<std::string> roles() const override { return {}; }

  StageKey Key(const StageResults& earlier) const override {
    const LabeledFiles queries = RequireQueries();
    const Task& task = episode_.task;
    StageKey key = NewKey(kEvaluateVersion, {{"queries", inputs_.queries_per_class},
                                             {"near-duplicate-cosine", inputs_.options.near_duplicate_cosine}});
    if (ComparesByTeacher()) key.models["teacher"] = models_.Require("teacher").KeySha256();
    key.inputs["distill"] = earlier.at("distill").content_sha256();
    // The stored result contains its whole configuration, so two configurations with one student are two results.
    key.inputs["configuration"] = Sha256Hex(CanonicalJson(ConfigurationOf(earlier)));
    key.inputs["disclosure"] = Sha256Hex(CanonicalJson(Disclosure()));
    key.inputs["episodes"] = task.episodes_sha256;
    Sha256 names;
    for (const NamedFile& file : queries.files) {
      names.Update(file.class_name + "/" + file.file);
      // A custom image folder has no data set's hash.
      if (episode_.is_folder()) names.Update(" " + Sha256Hex(task.query_source->ReadBytes(file.class_name, file.file)));
      names.Update("\n");
    }
    key.inputs["query photos"] = names.Hex();
    return key;
  }

  StageEstimate Estimate() const override {
    const double forward = ForwardFlop(student_.architecture(), settings_.image_size);
    const double teacher = ComparesByTeacher() ? FlopPerSample("teacher") : 0;
    return {.flop = static_cast<double>(QueryFiles(episode_.task).files.size()) * (forward + teacher),
            .disk_bytes = 1u << 19,
            .note = ""};
  }

  Json Run(const StageResults& earlier, StageWriter& writer) const override {
    CheckContent(episode_.task);
    CheckNoDuplicates(episode_.task);
    const LabeledFiles queries = RequireQueries();
    const NearQueries near = CheckLeakage(queries.files);
    const CompletedStage& distill = earlier.at("distill");
    const StudentCard card = StudentCard::Read(distill);
    const ScriptModule student = ScriptModule::FromBytes(
        distill.Read(kStudentFile), (distill.folder() / kStudentFile).string(), settings_.device, at::kFloat);
    const at::Tensor images = LoadSquares(*episode_.task.query_source, queries.files, card.image_size);
    Progress progress(name(), "queries", images.size(0));
    const auto predict = [&](const at::Tensor& some, const std::function<void(int64_t)>& after_batch) {
      return StudentLogits(student, some, card.mean, card.std, settings_.device, after_batch);
    };
    const at::Tensor logits = predict(images, [&](int64_t done) {
      progress.AdvanceTo(done);
      ThrowIfStopRequested();
    });
    CheckFinite(logits, "the student's logits");
    CheckBatchIndependence(images, logits, queries.files, [&](const at::Tensor& batch) { return predict(batch, {}); });
    const EvaluationResult result = ResultOf(PredictionsOf(queries, logits), near, earlier);
    result.Write(writer);
    return result.Metrics();
  }

 private:
  LabeledFiles RequireQueries() const {
    LabeledFiles queries = QueryFiles(episode_.task);
    if (queries.files.empty())
      Fail(ExitCode::kMissingInput,
           {.field = "--query",
            .found = "no photos to score",
            .expected = "an episode of a data set, or --query DIR",
            .remedy = "To classify photos without labels: tint predict --student FILE PHOTO..."});
    return queries;
  }

  // Whether near-duplicates are looked for by the teacher's features too: the cosine is below 1, and the model set has
  // a teacher.
  bool ComparesByTeacher() const { return inputs_.options.near_duplicate_cosine < 1 && models_.Has("teacher"); }

  NearQueries CheckLeakage(const std::vector<NamedFile>& queries) const {
    const ImageHashes support = HashImages(*episode_.task.support_source, SupportFiles(episode_.task).files);
    const ImageHashes scored = HashImages(*episode_.task.query_source, queries);
    CheckPixels(support, scored, inputs_.sources, inputs_.run);
    const at::Tensor cosines =
        ComparesByTeacher() ? TeacherCosines(episode_, settings_, models_, queries) : at::Tensor();
    NearQueries near = FindNearQueries(support, scored, cosines, inputs_.options.near_duplicate_cosine);
    const auto count = std::count(near.near.begin(), near.near.end(), true);
    if (count > 0)
      spdlog::warn("evaluate: {} of {} queries show nearly what a support shows (result.json lists them)", count,
                   queries.size());
    return near;
  }

  EvaluationResult ResultOf(std::vector<QueryPrediction> predictions, const NearQueries& near,
                            const StageResults& earlier) const {
    const Task& task = episode_.task;
    EvaluationResult result;
    for (const TaskClass& one : task.classes) result.classes.push_back({.name = one.name});
    for (const QueryPrediction& one : predictions) {
      ClassScore& score = result.classes[static_cast<size_t>(one.label)];
      ++score.queries;
      score.correct += one.is_correct() ? 1 : 0;
    }
    result.student = student_.architecture();
    result.dataset = task.dataset;
    result.split = task.split;
    result.shots = task.shots();
    result.queries_per_class = inputs_.queries_per_class;
    if (!episode_.is_folder()) result.episode_idx = task.episode_idx;
    result.episodes_sha256 = task.episodes_sha256;
    result.episodes_in_file = task.episodes_in_file;
    result.configuration = ConfigurationOf(earlier);
    result.disclosure = Disclosure();
    result.near_duplicates = NearDuplicatesOf(near, predictions);
    result.predictions = std::move(predictions);
    return result;
  }

  NearDuplicates NearDuplicatesOf(const NearQueries& near, const std::vector<QueryPrediction>& predictions) const {
    const std::vector<NamedFile> supports = SupportFiles(episode_.task).files;
    NearDuplicates result;
    for (const NearQueries::Pair& pair : near.pairs) {
      const NamedFile& support = supports[static_cast<size_t>(pair.support)];
      const QueryPrediction& query = predictions[static_cast<size_t>(pair.query)];
      result.pairs.push_back({.support = support.class_name + "/" + support.file,
                              .query = query.class_name + "/" + query.file,
                              .distance = pair.distance,
                              .cosine = ComparesByTeacher() ? std::optional<double>(pair.cosine) : std::nullopt});
    }
    result.pair_count = near.pair_count;
    int64_t correct = 0, others = 0;
    for (size_t q = 0; q < predictions.size(); ++q) {
      if (near.near[q]) continue;
      ++others;
      correct += predictions[q].is_correct() ? 1 : 0;
    }
    result.queries = static_cast<int64_t>(predictions.size()) - others;
    if (others > 0) result.accuracy_without = static_cast<double>(correct) / static_cast<double>(others);
    return result;
  }

  // What each model of the pipeline was made from: {"teacher": {"source", "licence", "training_data"}, ...}; "student
  // start": initial weights that no role of the model set has. Training data that models.json does not report is null.
  Json Disclosure() const {
    std::set<std::string> roles(inputs_.models.begin(), inputs_.models.end());
    Json table = Json::object();
    switch (student_.kind()) {
      case StudentInit::Kind::kModelSet:
        roles.insert(student_.role());
        break;
      case StudentInit::Kind::kFile:
        table["student start"] = {{"source", "a file outside the model set, SHA-256 " + student_.Sha256()},
                                  {"licence", nullptr},
                                  {"training_data", nullptr}};
        break;
      case StudentInit::Kind::kRandom:
        table["student start"] = {{"source", "random weights"}, {"licence", nullptr}, {"training_data", "nothing"}};
    }
    for (const std::string& role : roles) {
      if (!models_.Has(role)) continue;
      const ModelRecord& record = models_.Require(role);
      table[role] = {{"source", record.source},
                     {"licence", record.licence},
                     {"training_data", record.training_data.empty() ? Json() : Json(record.training_data)}};
    }
    return table;
  }

  const EvaluateInputs inputs_;
  const StudentInit student_;
};

}  // namespace

std::unique_ptr<Stage> MakeEvaluateStage(const EvaluateInputs& inputs, const RunEpisode& episode,
                                         const RunSettings& settings, const ModelSet& models) {
  return std::make_unique<EvaluateStage>(inputs, episode, settings, models);
}

}  // namespace tint

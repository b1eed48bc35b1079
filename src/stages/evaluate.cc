// evaluate: every query of the episode, each prediction stored, after the checks for leakage. docs/method.md, Leakage
// checks.

#include <ATen/ATen.h>

#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/data/loader.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/student.h"
#include "tint/stages/leakage.h"
#include "tint/stages/stage_images.h"
#include "tint/stages/student_file.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 3;  // 2: checks for leakage, near-duplicates and disclosure told; 3: by the teacher too

struct Count {
  int64_t queries = 0, right = 0;

  void Add(bool is_right) {
    ++queries;
    right += is_right ? 1 : 0;
  }
  Json Accuracy() const {  // null where there is nothing to score
    return queries == 0 ? Json() : Json(static_cast<double>(right) / static_cast<double>(queries));
  }
};

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

class EvaluateStage : public Stage {
 public:
  std::string name() const override { return "evaluate"; }
  std::vector<std::string> needs(const StageContext& context) const override {
    std::vector<std::string> stages = PipelineStages(context);
    stages.pop_back();
    return stages;
  }
  std::vector<std::string> roles(const StageContext&) const override { return {}; }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    const LabeledFiles queries = RequireQueries(context);
    StageKey key = context.NewKey(name(), kVersion,
                                  {{"queries", context.options().global.queries},
                                   {"near-duplicate-cosine", context.options().evaluate.near_duplicate_cosine}});
    if (AsksTeacher(context)) key.models["teacher"] = context.models().Require("teacher").KeySha256();
    key.inputs["distill"] = earlier.at("distill").content_sha256();
    // The stored result tells its whole configuration, so two configurations with one student are two results.
    key.inputs["configuration"] = Sha256Hex(CanonicalJson(ConfigurationOf(earlier)));
    key.inputs["disclosure"] = Sha256Hex(CanonicalJson(Disclosure(context)));
    key.inputs["episodes"] = context.task().episodes_sha256;
    Sha256 names;
    for (const NamedFile& file : queries.files) {
      names.Update(file.class_name + "/" + file.file);
      // Photos of one's own have no data set's hash that vouches for them.
      if (context.task().dataset == "folder")
        names.Update(" " + Sha256Hex(context.task().query_source->ReadBytes(file.class_name, file.file)));
      names.Update("\n");
    }
    key.inputs["query photos"] = names.Hex();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const double forward = ForwardFlop(context.options().global.student, context.image_size());
    const double teacher = AsksTeacher(context) ? FlopPerSample(context, "teacher") : 0;
    return {.flop = static_cast<double>(QueryFiles(context.task()).files.size()) * (forward + teacher),
            .disk_bytes = 1u << 19,
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    CheckContent(context.task());
    CheckNoDuplicates(context.task());
    const LabeledFiles queries = RequireQueries(context);
    const NearQueries near = CheckLeakage(context, queries.files);
    const CompletedStage& distill = earlier.at("distill");
    const StudentCard card = StudentCard::Parse(distill.Read("student.json"), "student.json");
    const ScriptModule student = ScriptModule::FromBytes(
        distill.Read("student.pt"), (distill.folder() / "student.pt").string(), context.device(), at::kFloat);
    const at::Tensor images = LoadSquares(*context.task().query_source, queries.files, card.image_size);
    Progress progress(name(), "queries", images.size(0));
    const auto predict = [&](const at::Tensor& some, const std::function<void(int64_t)>& after_batch) {
      return StudentLogits(student, some, card.mean, card.std, context.device(), after_batch);
    };
    const at::Tensor logits = predict(images, [&](int64_t done) {
      progress.AdvanceTo(done);
      ThrowIfStopRequested();
    });
    CheckFinite(logits, "the student's logits");
    CheckBatchIndependence(images, logits, queries.files, [&](const at::Tensor& batch) { return predict(batch, {}); });
    return Save(context, earlier, {queries, logits, near}, writer);
  }

 private:
  static LabeledFiles RequireQueries(const StageContext& context) {
    LabeledFiles queries = QueryFiles(context.task());
    if (queries.files.empty())
      Fail(ExitCode::kMissingInput,
           {.field = "--query",
            .found = "no photos to score",
            .expected = "an episode of a data set, or --query DIR",
            .remedy = "To classify photos without labels: tint predict --student FILE PHOTO..."});
    return queries;
  }

  struct Scored {
    const LabeledFiles& queries;
    const at::Tensor& logits;
    const NearQueries& near;
  };

  static Json Save(const StageContext& context, const StageResults& earlier, const Scored& scored,
                   StageWriter& writer) {
    const auto& [queries, logits, near] = scored;
    const at::Tensor predicted = logits.argmax(1).contiguous();
    const int64_t* choice = predicted.const_data_ptr<int64_t>();
    std::vector<Count> classes(static_cast<size_t>(context.ways()));
    Count far;
    std::string lines;
    for (size_t q = 0; q < queries.files.size(); ++q) {
      const bool right = choice[q] == queries.labels[q];
      classes[static_cast<size_t>(queries.labels[q])].Add(right);
      if (!near.near[q]) far.Add(right);
      Json row = Json::array();
      for (int64_t n = 0; n < context.ways(); ++n) row.push_back(logits[static_cast<int64_t>(q)][n].item<float>());
      lines += CanonicalJson({{"class", queries.files[q].class_name},
                              {"file", queries.files[q].file},
                              {"label", queries.labels[q]},
                              {"predicted", choice[q]},
                              {"logits", row}}) +
               "\n";
    }
    writer.Put("predictions.jsonl", lines);
    return SaveResult(context, earlier, classes, NearJson(context, scored, far), writer);
  }

  // What of result.json tells of near-duplicates.
  static Json NearJson(const StageContext& context, const Scored& scored, const Count& far) {
    std::vector<std::string> supports;
    for (const TaskClass& one : context.task().classes) {
      for (const std::string& file : one.support) supports.push_back(one.name + "/" + file);
    }
    Json pairs = Json::array();
    for (const NearQueries::Pair& pair : scored.near.pairs) {
      const NamedFile& query = scored.queries.files[static_cast<size_t>(pair.query)];
      pairs.push_back({{"support", supports[static_cast<size_t>(pair.support)]},
                       {"query", query.class_name + "/" + query.file},
                       {"distance", pair.distance},
                       {"cosine", AsksTeacher(context) ? Json(pair.cosine) : Json()}});
    }
    return {{"near_duplicates", pairs},
            {"near_duplicate_pairs", scored.near.pair_count},
            {"near_duplicate_queries", static_cast<int64_t>(scored.queries.files.size()) - far.queries},
            {"accuracy_without_near_duplicates", far.Accuracy()}};
  }

  static Json SaveResult(const StageContext& context, const StageResults& earlier, const std::vector<Count>& counts,
                         const Json& near, StageWriter& writer) {
    Count all;
    Json classes = Json::array();
    for (size_t c = 0; c < counts.size(); ++c) {
      all.queries += counts[c].queries;
      all.right += counts[c].right;
      classes.push_back({{"class", context.task().classes[c].name},
                         {"queries", counts[c].queries},
                         {"accuracy", counts[c].Accuracy()}});
    }
    const Json configuration = ConfigurationOf(earlier);
    Json result = {{"schema", 1},
                   {"accuracy", all.Accuracy()},
                   {"queries", all.queries},
                   {"student", context.options().global.student},
                   {"dataset", context.task().dataset},
                   {"split", context.task().split},
                   {"shots", context.task().shots()},
                   {"episodes_sha256", context.task().episodes_sha256},
                   {"episodes_in_file", context.task().episodes_in_file},
                   {"classes", classes},
                   {"queries_per_class", context.options().global.queries},
                   {"configuration", configuration},
                   {"configuration_sha256", Sha256Hex(CanonicalJson(configuration))},
                   {"disclosure", Disclosure(context)}};
    result.update(near);
    if (context.task().dataset != "folder") result["episode"] = context.episode_idx();
    writer.Put("result.json", SealJson(result));
    return {{"accuracy", all.Accuracy()},
            {"queries", all.queries},
            {"near_duplicate_queries", near.at("near_duplicate_queries")},
            {"accuracy_without_near_duplicates", near.at("accuracy_without_near_duplicates")}};
  }
};

}  // namespace

std::unique_ptr<Stage> MakeEvaluateStage() { return std::make_unique<EvaluateStage>(); }

}  // namespace tint

// evaluate: every query of the episode, each prediction stored. method.md S20.

#include <ATen/ATen.h>

#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/data/loader.h"
#include "tint/fewshot/distill.h"
#include "tint/stages/pictures.h"
#include "tint/stages/student_file.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 1;

struct Queries {
  std::vector<NamedFile> files;
  std::vector<int64_t> labels;
};

Queries ListQueries(const StageContext& context) {
  Queries queries;
  const Task& task = context.task();
  for (size_t c = 0; c < task.classes.size(); ++c) {
    for (const std::string& file : task.classes[c].query) {
      queries.files.push_back({task.classes[c].name, file});
      queries.labels.push_back(static_cast<int64_t>(c));
    }
  }
  return queries;
}

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
  std::vector<std::string> needs() const override {
    return {"super-resolve", "textual-inversion", "null-text-inversion", "generate", "distill"};
  }
  std::vector<std::string> roles() const override { return {}; }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    const Queries queries = RequireQueries(context);
    StageKey key = context.NewKey(name(), kVersion, {{"queries", context.options().global.queries}});
    key.inputs["distill"] = earlier.at("distill").content_sha256();
    // The stored result tells its whole configuration, so two configurations with one student are two results.
    key.inputs["configuration"] = Sha256Hex(CanonicalJson(ConfigurationOf(earlier)));
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
    const double scale = static_cast<double>(context.image_size() * context.image_size()) / (84.0 * 84.0);
    const double forward = (context.options().global.student == "conv4" ? 0.194e9 : 4.93e9) * scale;
    return {
        .flop = static_cast<double>(ListQueries(context).files.size()) * forward, .disk_bytes = 1u << 19, .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    CheckContent(context.task());
    CheckNoDuplicates(context.task());
    const CompletedStage& distill = earlier.at("distill");
    const StudentCard card = StudentCard::Parse(distill.Read("student.json"), "student.json");
    const ScriptModule student = ScriptModule::FromBytes(
        distill.Read("student.pt"), (distill.folder() / "student.pt").string(), context.device(), at::kFloat);
    const Queries queries = RequireQueries(context);
    const at::Tensor images = LoadSquares(*context.task().query_source, queries.files, card.image_size);
    Progress progress(name(), "queries", images.size(0));
    int64_t before = 0;
    const at::Tensor logits = StudentLogits(student, images, card.mean, card.std, context.device(), [&](int64_t done) {
      progress.Advance(done - before);
      before = done;
      ThrowIfStopRequested();
    });
    CheckFinite(logits, "the student's logits");
    return Save(context, earlier, queries, logits, writer);
  }

 private:
  static Queries RequireQueries(const StageContext& context) {
    Queries queries = ListQueries(context);
    if (queries.files.empty())
      Fail(ExitCode::kMissingInput,
           {.field = "--query",
            .found = "no photos to score",
            .expected = "an episode of a data set, or --query DIR",
            .remedy = "To classify photos without labels: tint predict --student FILE PHOTO..."});
    return queries;
  }

  static Json Save(const StageContext& context, const StageResults& earlier, const Queries& queries,
                   const at::Tensor& logits, StageWriter& writer) {
    const at::Tensor predicted = logits.argmax(1).contiguous();
    const int64_t* choice = predicted.const_data_ptr<int64_t>();
    std::vector<int64_t> right(static_cast<size_t>(context.ways()), 0), total = right;
    std::string lines;
    for (size_t q = 0; q < queries.files.size(); ++q) {
      const auto label = static_cast<size_t>(queries.labels[q]);
      ++total[label];
      right[label] += choice[q] == queries.labels[q] ? 1 : 0;
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
    return SaveResult(context, earlier, right, total, writer);
  }

  static Json SaveResult(const StageContext& context, const StageResults& earlier, const std::vector<int64_t>& right,
                         const std::vector<int64_t>& total, StageWriter& writer) {
    int64_t all_right = 0, all = 0;
    Json classes = Json::array();
    for (size_t c = 0; c < total.size(); ++c) {
      all_right += right[c];
      all += total[c];
      Json accuracy = nullptr;
      if (total[c] > 0) accuracy = static_cast<double>(right[c]) / static_cast<double>(total[c]);
      classes.push_back({{"class", context.task().classes[c].name}, {"queries", total[c]}, {"accuracy", accuracy}});
    }
    const double accuracy = static_cast<double>(all_right) / static_cast<double>(all);
    const Json configuration = ConfigurationOf(earlier);
    Json result = {{"schema", 1},
                   {"accuracy", accuracy},
                   {"queries", all},
                   {"student", context.options().global.student},
                   {"dataset", context.task().dataset},
                   {"episodes_sha256", context.task().episodes_sha256},
                   {"episodes_in_file", context.task().episodes_in_file},
                   {"classes", classes},
                   {"queries_per_class", context.options().global.queries},
                   {"configuration", configuration},
                   {"configuration_sha256", Sha256Hex(CanonicalJson(configuration))}};
    if (context.task().dataset != "folder") result["episode"] = context.episode_idx();
    writer.Put("result.json", SealJson(result));
    return {{"accuracy", accuracy}, {"queries", all}};
  }
};

}  // namespace

std::unique_ptr<Stage> MakeEvaluateStage() { return std::make_unique<EvaluateStage>(); }

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/training/pretrain_teacher.h"

#include <ATen/ATen.h>

#include "tint/artifacts/lease.h"
#include "tint/artifacts/pretrained_model.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/artifacts/training_checkpoint.h"
#include "tint/artifacts/training_curves.h"
#include "tint/base/durable.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/loader.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/stages/cost_meter.h"
#include "tint/stages/resumable_loop.h"
#include "tint/tensor/memory.h"
#include "training_setup.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kTeacherTrainingVersion = 1;
constexpr char kTeacherStage[] = "pretrain-teacher", kRole[] = "teacher";

std::string Serialize(const MetaTrainState& state) {
  TrainingCheckpoint checkpoint;
  checkpoint.AddModule(state.teacher);
  checkpoint.AddGroup("first", state.first_moments);
  checkpoint.AddGroup("second", state.second_moments);
  checkpoint.AddGroup("best", state.best);
  checkpoint.Add("scale", state.scale.detach());
  checkpoint.Add("counts", at::tensor({state.step, state.best_epoch}, at::kLong));
  checkpoint.AddNumbers("sums", {state.loss_sum, state.best_accuracy, state.best_scale});
  checkpoint.AddNumbers("losses", state.losses);
  checkpoint.AddNumbers("accuracies", state.accuracies);
  return checkpoint.Serialize();
}

void Restore(const std::string& bytes, MetaTrainState* state) {
  const TrainingCheckpoint checkpoint = TrainingCheckpoint::Parse(bytes);
  checkpoint.RestoreModule(state->teacher);
  state->first_moments = checkpoint.Group("first");
  state->second_moments = checkpoint.Group("second");
  state->best = checkpoint.Group("best");
  state->scale = checkpoint.Get("scale").to(state->teacher.device());
  state->step = checkpoint.Get("counts")[0].item<int64_t>();
  state->best_epoch = checkpoint.Get("counts")[1].item<int64_t>();
  const std::vector<double> sums = checkpoint.Numbers("sums");
  state->loss_sum = sums[0];
  state->best_accuracy = sums[1];
  state->best_scale = sums[2];
  state->losses = checkpoint.Numbers("losses");
  state->accuracies = checkpoint.Numbers("accuracies");
}

class MetaTraining {
 public:
  explicit MetaTraining(const PretrainTeacherOptions& options)
      : options_(options),
        setup_(options, "the folder of the model set whose teacher is trained", options.validation_queries),
        models_(ModelSet::Open(options.models)),
        facts_(models_.ReadTeacherConfig()) {
    if (setup_.validation.split == "test") FailOnTestEpisodes(setup_.validation, "a teacher");
    const MetaTrainOptions& training = options.training;
    CheckEnough("ways", training.ways, static_cast<int64_t>(setup_.base->Classes().size()), "classes");
    for (const std::string& class_name : setup_.base->Classes())
      CheckEnough("shots and queries", training.shots + training.queries,
                  static_cast<int64_t>(setup_.base->Files(class_name).size()), "images of class " + Quote(class_name));
  }

  Json Run() {
    const StageKey key = Key();
    const fs::path results = setup_.Results(kTeacherStage), folder = results / key.Folder();
    if (options_.dry_run)
      return {{"dry_run", true},
              {"folder", folder.string()},
              {"state", StateOf(folder)},
              {"steps", options_.training.epochs * options_.training.episodes}};
    CreateFoldersDurably(results);
    const Lease lease(results);
    std::optional<CompletedStage> done = Finished(results, key);
    const bool installed = done.has_value();
    if (!done) done = CompletedStage::Open(folder);
    const bool reused = done.has_value();
    if (!done) done = Train(folder, key);
    done->Verify();
    Json json = done->metrics();
    json["folder"] = done->folder().string();
    json["reused"] = reused;
    json["seconds"] = done->cost().seconds;
    json["file"] = installed ? (fs::path(options_.models) / models_.Require(kRole).file).string() : Install(*done);
    return json;
  }

 private:
  static void CheckEnough(const std::string& option, int64_t wanted, int64_t available, const std::string& what) {
    if (wanted <= available) return;
    Fail(ExitCode::kBadConfiguration, {.field = option,
                                       .found = std::to_string(wanted),
                                       .expected = "at most " + std::to_string(available) + " " + what});
  }

  // The result of this training, if the set's teacher is its outcome: repeating the command then does nothing.
  std::optional<CompletedStage> Finished(const fs::path& results, const StageKey& key) const {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(results, ignored)) {
      auto done = entry.is_directory() ? CompletedStage::Open(entry.path()) : std::nullopt;
      if (!done) continue;
      Json expected = key.Components();
      expected["models"] = done->components().at("models");
      if (expected == done->components() && Sha256Hex(done->Read(kTeacherFile)) == models_.Require(kRole).sha256)
        return done;
    }
    return std::nullopt;
  }

  StageKey Key() const {
    MetaTrainOptions training = options_.training;
    OptionList list;
    training.Declare(list);
    StageKey key = setup_.NewKey(kTeacherStage, kTeacherTrainingVersion, list.KeyValues());
    key.options["validation-queries"] = options_.validation_queries;
    key.models[kRole] = models_.Require(kRole).KeySha256();
    return key;
  }

  MetaTrainData Load() const {
    MetaTrainData data;
    data.input = facts_.input;
    for (const std::string& class_name : setup_.base->Classes()) {
      std::vector<NamedFile> files;
      for (const std::string& file : setup_.base->Files(class_name)) files.push_back({class_name, file});
      data.classes.push_back(LoadSquares(*setup_.base, files, setup_.image_size));
    }
    data.validate = [this, images = setup_.ValidationImages()](const ScriptModule& module) {
      module.SetRequiresGrad(false);
      const at::Tensor features =
          TeacherFeatures(Teacher(module, facts_), images, setup_.device, [](int64_t) { ThrowIfStopRequested(); });
      module.SetRequiresGrad(true);
      return setup_.ValidationAccuracy(features);
    };
    return data;
  }

  CompletedStage Train(const fs::path& folder, const StageKey& key) const {
    KeepFreedMemory();
    const CostMeter cost(setup_.device);
    StageWriter writer(folder, key);
    writer.MeasureCostBy([&] { return cost.SoFar(); });
    const MetaTrainData data = Load();
    MetaTrainState state;
    state.teacher = models_.LoadModule(kRole, setup_.device, at::kFloat);
    state.scale = at::full({1}, facts_.logit_scale, at::TensorOptions(at::kFloat).device(setup_.device));
    const auto load = [&](const std::string& bytes) {
      Restore(bytes, &state);
      return state.step;
    };
    RunResumable(writer,
                 {.name = kTeacherStage,
                  .unit = "episodes",
                  .total = options_.training.epochs * options_.training.episodes,
                  .checkpoint = kTrainingCheckpointFile,
                  .load = load,
                  .save = [&] { return Serialize(state); }},
                 [&](int64_t, const AfterSteps& after_steps) {
                   RunMetaTrain(data, options_.training, key.seed, &state,
                                [&](const MetaTrainState&) { after_steps(1); });
                 });
    return Save(state, writer, cost.SoFar());
  }

  CompletedStage Save(const MetaTrainState& state, StageWriter& writer, const StageCost& cost) const {
    const ScriptModule best = models_.LoadModule(kRole, c10::Device(c10::kCPU), at::kFloat);
    CopyTensors(state.best, best);
    best.SetTraining(false);
    best.SetRequiresGrad(false);
    writer.Put(kTeacherFile, best.ToBytes());
    WritePretrainingCurves(state.losses, state.accuracies, writer);
    return writer.Finish({{"epochs", options_.training.epochs},
                          {"best_epoch", state.best_epoch},
                          {"validation_accuracy", state.best_accuracy},
                          {"untrained_accuracy", state.accuracies.front()},
                          {"validation_episodes", setup_.indexed.episodes.size()},
                          {"logit_scale", state.best_scale}},
                         cost);
  }

  std::string Install(const CompletedStage& done) const {
    const ModelRecord& before = models_.Require(kRole);
    return InstallModel(
        options_.models, kRole, done, kTeacherFile,
        {{"input_size", facts_.input.input_size},
         {"resize_rule", facts_.input.resize_rule},
         {"mean", facts_.input.mean},
         {"std", facts_.input.std},
         {"feature_width", facts_.feature_width},
         {"logit_scale", done.metrics().at("logit_scale")},
         {"logit_bias", facts_.logit_bias},
         {"licence", before.licence},
         {"source", "tint pretrain teacher on " + options_.dataset + ":" + options_.split + ", key " + done.key() +
                        ", from SHA-256 " + before.sha256.substr(0, 12) + " (" + before.source + ")"},
         {"training_data", (before.training_data.empty() ? "before: unknown" : before.training_data) + "; then " +
                               setup_.TrainingData()}});
  }

  const PretrainTeacherOptions& options_;
  TrainingSetup setup_;
  ModelSet models_;
  TeacherConfig facts_;
};

}  // namespace

void PretrainTeacherOptions::Declare(CommandOptions& command) {
  OptionList& list = command.Group("");
  DeclareData(list, "Folder of the model set whose teacher is trained.");
  list.Add("validation-queries", &validation_queries, "Number of queries per class of a validation episode; 0: all.")
      .Range(0, 1e6)
      .Source("PMF's released code: 15");
  DeclareMachine(list, "Image size before the teacher's own resizing; 0: that of the data set.");
  training.Declare(list);
}

Json PretrainTeacher(const PretrainTeacherOptions& options) { return MetaTraining(options).Run(); }

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/training/pretrain_student.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "tint/artifacts/layout.h"
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
#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"
#include "tint/stages/cost_meter.h"
#include "tint/stages/resumable_loop.h"
#include "tint/tensor/memory.h"
#include "training_setup.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kStudentTrainingVersion = 1;
constexpr char kStudentStage[] = "pretrain-student";

std::string Serialize(const PretrainState& state) {
  TrainingCheckpoint checkpoint;
  checkpoint.AddModule(state.pretrainer);
  checkpoint.AddGroup("momentum", state.momenta);
  checkpoint.AddGroup("best", state.best);
  if (state.bank.defined()) checkpoint.Add("bank", state.bank);
  checkpoint.Add("counts", at::tensor({state.step, state.best_epoch, state.since_best}, at::kLong));
  checkpoint.AddNumbers("sums", {state.loss_sum, state.best_accuracy});
  checkpoint.AddNumbers("losses", state.losses);
  checkpoint.AddNumbers("accuracies", state.accuracies);
  return checkpoint.Serialize();
}

void Restore(const std::string& bytes, PretrainState* state) {
  const TrainingCheckpoint checkpoint = TrainingCheckpoint::Parse(bytes);
  checkpoint.RestoreModule(state->pretrainer);
  state->momenta = checkpoint.Group("momentum");
  state->best = checkpoint.Group("best");
  if (checkpoint.Has("bank")) state->bank = checkpoint.Get("bank");
  const at::Tensor& counts = checkpoint.Get("counts");
  state->step = counts[0].item<int64_t>();
  state->best_epoch = counts[1].item<int64_t>();
  state->since_best = counts[2].item<int64_t>();
  const std::vector<double> sums = checkpoint.Numbers("sums");
  state->loss_sum = sums[0];
  state->best_accuracy = sums[1];
  state->losses = checkpoint.Numbers("losses");
  state->accuracies = checkpoint.Numbers("accuracies");
}

// The constructor checks all inputs before the first image is decoded.
class Pretraining {
 public:
  explicit Pretraining(const PretrainStudentOptions& options)
      : options_(options),
        setup_(options, "the folder of the model set that the student is added to", 0),
        files_(AllFiles(*setup_.base)) {
    if (setup_.validation.dataset == options.dataset && setup_.validation.split == "test")
      FailOnTestEpisodes(setup_.validation, "a student");
    if (setup_.image_size < 16)
      Fail(ExitCode::kBadConfiguration, {.field = "image-size",
                                         .found = std::to_string(setup_.image_size),
                                         .expected = "at least 16: the students halve the size four times"});
    if (static_cast<int64_t>(files_.size()) < options.training.batch_size)
      Fail(ExitCode::kBadConfiguration,
           {.field = "batch-size",
            .found = std::to_string(options.training.batch_size),
            .expected = "at most " + std::to_string(files_.size()) + ", the number of images"});
    if (!options.generation_0.empty()) OpenTeacher();
  }

  Json Run() {
    const StageKey key = Key();
    const fs::path results = setup_.Results(kStudentStage), folder = results / key.Folder();
    if (options_.dry_run) return Describe(folder, nullptr);
    CreateFoldersDurably(results);
    const Lease lease(results);
    std::optional<CompletedStage> done = CompletedStage::Open(folder);
    const bool reused = done.has_value();
    if (!done) done = Train(folder, key);
    done->Verify();
    Json json = Describe(folder, &*done);
    json["file"] = Install(*done);
    json["reused"] = reused;
    return json;
  }

 private:
  void OpenTeacher() {
    const auto done = CompletedStage::Open(options_.generation_0);
    if (!done)
      Fail(ExitCode::kMissingInput,
           {.file = options_.generation_0,
            .field = "--generation-0",
            .found = std::string("no ") + kDoneFile,
            .expected = "the folder of a finished pre-training, printed by tint pretrain student"});
    const std::string bytes = done->Read(kPretrainerFile);
    teacher_sha256_ = Sha256Hex(bytes);
    teacher_ = ScriptModule::FromBytes(bytes, (done->folder() / kPretrainerFile).string(), setup_.device, at::kFloat);
    teacher_.SetTraining(false);
    teacher_.SetRequiresGrad(false);
    const Json &other = done->components().at("options"), own = Key().options;
    for (const char* name : {"student", "recipe", "conv4-head", "resnet12-widths", "image-size"}) {
      if (other.value(name, Json()) == own.value(name, Json())) continue;
      Fail(ExitCode::kBadConfiguration, {.file = options_.generation_0,
                                         .field = name,
                                         .found = other.value(name, Json()).dump(),
                                         .expected = own.value(name, Json()).dump() + ", as in generation 1"});
    }
  }

  Json KeyOptions() const {
    PretrainOptions training = options_.training;
    OptionList list;
    training.Declare(list);
    Json values = list.KeyValues();
    values["student"] = options_.student;
    values["bfloat16"] = UsesBfloat16(training.precision, setup_.device);
    return values;
  }

  StageKey Key() const {
    StageKey key = setup_.NewKey(kStudentStage, kStudentTrainingVersion, KeyOptions());
    if (teacher_) key.models["generation 0"] = teacher_sha256_;
    return key;
  }

  PretrainData Load() const {
    PretrainData data;
    spdlog::info("pretrain student: decoding {} base images", files_.size());
    data.images = LoadSquares(*setup_.base, files_, setup_.image_size);
    std::vector<int64_t> labels;
    for (size_t c = 0; c < setup_.base->Classes().size(); ++c)
      labels.insert(labels.end(), setup_.base->Files(setup_.base->Classes()[c]).size(), static_cast<int64_t>(c));
    data.labels = at::tensor(labels, at::kLong);
    data.mean = setup_.dataset_info.mean;
    data.std = setup_.dataset_info.std;
    data.teacher = teacher_;
    data.validate = [this, images = setup_.ValidationImages()](const ScriptModule& backbone) {
      return setup_.ValidationAccuracy(StudentLogits(backbone, images, setup_.dataset_info.mean,
                                                     setup_.dataset_info.std, setup_.device,
                                                     [](int64_t) { ThrowIfStopRequested(); }));
    };
    return data;
  }

  StudentSpec Spec() const { return options_.training.student.Spec(options_.student, setup_.image_size); }

  CompletedStage Train(const fs::path& folder, const StageKey& key) const {
    KeepFreedMemory();
    const CostMeter cost(setup_.device);
    StageWriter writer(folder, key);
    writer.MeasureCostBy([&] { return cost.SoFar(); });
    const PretrainData data = Load();
    PretrainState state;
    const ScriptModule backbone = BuildBackbone(Spec(), RandomStream({key.seed, "pretrain/student", 0, 0, 0}));
    state.pretrainer = BuildPretrainer(
        backbone, FeatureWidth(Spec()), static_cast<int64_t>(setup_.base->Classes().size()),
        options_.training.recipe == PretrainRecipe::kIer, RandomStream({key.seed, "pretrain/heads", 0, 0, 0}));
    state.pretrainer.MoveTo(setup_.device);
    const int64_t steps = StepsPerEpoch(data, options_.training);
    const auto load = [&](const std::string& bytes) {
      Restore(bytes, &state);
      return state.step;
    };
    RunResumable(writer,
                 {.name = kStudentStage,
                  .unit = "steps",
                  .total = steps * options_.training.epochs,
                  .checkpoint = kTrainingCheckpointFile,
                  .load = load,
                  .save = [&] { return Serialize(state); }},
                 [&](int64_t, const AfterSteps& after_steps) {
                   RunPretrain(data, options_.training, key.seed, &state, [&](const PretrainState& now) {
                     if (now.step % steps == 0) LogEpoch(now, now.step / steps);
                     after_steps(1);
                   });
                 });
    return Save(state, steps, writer, cost.SoFar());
  }

  void LogEpoch(const PretrainState& state, int64_t epoch) const {
    if (state.accuracies.empty()) return;
    spdlog::info("pretrain student: epoch {}: loss {:.4f}, validation {:.2f} % (best {:.2f} % after epoch {})", epoch,
                 state.losses.back(), 100 * state.accuracies.back(), 100 * state.best_accuracy, state.best_epoch + 1);
  }

  CompletedStage Save(const PretrainState& state, int64_t steps, StageWriter& writer, const StageCost& cost) const {
    state.pretrainer.MoveTo(c10::Device(c10::kCPU));
    ScriptModule best = BuildBackbone(Spec(), RandomStream({0, "pretrain/student", 0, 0, 0}));
    CopyTensors(state.best, best);
    best.SetTraining(false);
    best.SetRequiresGrad(false);
    writer.Put(kBackboneFile, best.ToBytes());
    writer.Put(kPretrainerFile, state.pretrainer.ToBytes());
    WritePretrainingCurves(state.losses, state.accuracies, writer);
    return writer.Finish({{"epochs", state.step / steps},
                          {"best_epoch", state.best_epoch + 1},
                          {"validation_accuracy", state.best_accuracy},
                          {"validation_episodes", setup_.indexed.episodes.size()},
                          {"images", files_.size()},
                          {"classes", setup_.base->Classes().size()}},
                         cost);
  }

  std::string Install(const CompletedStage& done) const {
    return InstallModel(options_.models, "student-" + options_.student, done, kBackboneFile,
                        {{"input_size", setup_.image_size},
                         {"resize_rule", "bilinear"},
                         {"mean", setup_.dataset_info.mean},
                         {"std", setup_.dataset_info.std},
                         {"feature_width", FeatureWidth(Spec())},
                         {"licence", "as the images of " + options_.dataset},
                         {"source", SourceOf(done)},
                         {"training_data", setup_.TrainingData()}});
  }

  std::string SourceOf(const CompletedStage& done) const {
    const std::string accuracy = fmt::format("{:.4f}", done.metrics().at("validation_accuracy").get<double>());
    return "tint pretrain student --recipe " + ToString(options_.training.recipe) + (teacher_ ? ", generation 1" : "") +
           " on " + options_.dataset + ":" + options_.split + ", seed " + std::to_string(options_.seed) + ", key " +
           done.key() + ", epoch " + std::to_string(done.metrics().at("best_epoch").get<int64_t>()) + " of " +
           std::to_string(done.metrics().at("epochs").get<int64_t>()) + ", validation accuracy " + accuracy;
  }

  Json Describe(const fs::path& folder, const CompletedStage* done) const {
    Json json = {{"student", options_.student},
                 {"models", options_.models},
                 {"folder", folder.string()},
                 {"images", files_.size()},
                 {"classes", setup_.base->Classes().size()},
                 {"steps_of_an_epoch", static_cast<int64_t>(files_.size()) / options_.training.batch_size}};
    if (done == nullptr) {
      json["dry_run"] = true;
      json["state"] = StateOf(folder);
      return json;
    }
    json.update(done->metrics());
    json["seconds"] = done->cost().seconds;
    json["peak_host_bytes"] = done->cost().peak_host_bytes;
    return json;
  }

  const PretrainStudentOptions& options_;
  TrainingSetup setup_;
  std::vector<NamedFile> files_;
  ScriptModule teacher_;
  std::string teacher_sha256_;
};

}  // namespace

void PretrainStudentOptions::Declare(CommandOptions& command) {
  OptionList& list = command.Group("");
  DeclareData(list, "Folder of the model set that the student is added to; created if it does not exist.");
  list.Add("generation-0", &generation_0,
           "Folder of a finished pre-training with the same architecture, to be distilled (generation 1).")
      .Is(TextKind::kFolder)
      .NotInKey()
      .Source("IER (arXiv 2103.01315)");
  list.Add("student", &student, "Architecture of the student.")
      .Choices({"conv4", "resnet12"})
      .Source("docs/method.md, Students");
  DeclareMachine(list, "Input resolution of the student; 0: that of the data set.");
  training.Declare(list);
}

Json PretrainStudent(const PretrainStudentOptions& options) { return Pretraining(options).Run(); }

}  // namespace tint

#include "tint/stages/pretrain_teacher.h"

#include <ATen/ATen.h>

#include <chrono>
#include <numeric>

#include "tint/artifacts/run_folder.h"
#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/loader.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/stages/method_scores.h"
#include "tint/stages/shipped.h"
#include "tint/tensor/device.h"
#include "tint/tensor/processor.h"
#include "trained_model.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kVersion = 1;
constexpr char kStage[] = "pretrain-teacher", kCheckpoint[] = "training.safetensors", kCurve[] = "curve.json";
constexpr char kTeacher[] = "teacher.pt", kRole[] = "teacher";

std::string Serialize(const MetaTrainState& state) {
  NamedTensors tensors;
  AddTensors(state.teacher, &tensors);
  for (const auto& [name, tensor] : state.first_moments) tensors["first." + name] = tensor;
  for (const auto& [name, tensor] : state.second_moments) tensors["second." + name] = tensor;
  for (const auto& [name, tensor] : state.best) tensors["best." + name] = tensor;
  tensors["scale"] = state.scale.detach();
  tensors["counts"] = at::tensor({state.step, state.best_epoch}, at::kLong);
  AddNumbers("sums", {state.loss_sum, state.best_accuracy, state.best_scale}, &tensors);
  AddNumbers("losses", state.losses, &tensors);
  AddNumbers("accuracies", state.accuracies, &tensors);
  return SerializeSafetensors(tensors);
}

void Restore(const std::string& bytes, MetaTrainState* state) {
  const NamedTensors tensors = ParseSafetensors(bytes, kCheckpoint);
  RestoreTensors(tensors, state->teacher);
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with("first.")) state->first_moments[name.substr(6)] = tensor;
    if (name.starts_with("second.")) state->second_moments[name.substr(7)] = tensor;
    if (name.starts_with("best.")) state->best[name.substr(5)] = tensor;
  }
  state->scale = tensors.at("scale").to(state->teacher.device());
  state->step = tensors.at("counts")[0].item<int64_t>();
  state->best_epoch = tensors.at("counts")[1].item<int64_t>();
  const std::vector<double> sums = ReadNumbers("sums", tensors);
  state->loss_sum = sums[0];
  state->best_accuracy = sums[1];
  state->best_scale = sums[2];
  state->losses = ReadNumbers("losses", tensors);
  state->accuracies = ReadNumbers("accuracies", tensors);
}

class MetaTraining {
 public:
  explicit MetaTraining(const PretrainTeacherOptions& options)
      : options_(options),
        base_((RequireOption(options.dataset, "--dataset", "the data set to train on"),
               RequireOption(options.models, "--models", "the folder of the model set whose teacher is trained"),
               OpenSplit(DataRoot(), options.dataset, options.split))),
        models_(ModelSet::Open(options.models)),
        facts_(models_.ReadTeacherFacts()),
        image_size_(options.image_size > 0 ? options.image_size : FactsOfDataset(options.dataset).image_size),
        validation_(ReadEpisodeFile(options.validation.empty()
                                        ? ShippedEpisodes(options.dataset, "val-5way-5shot-40", "--validation").string()
                                        : options.validation)),
        threads_(SetUpTensorLibrary(static_cast<int>(options.threads))),
        device_(ChooseDevice(options.device)) {
    if (validation_.split == "test")
      Fail(ExitCode::kBadInput, {.file = validation_.path,
                                 .field = "split",
                                 .found = "test",
                                 .expected = "val: a teacher that was chosen on test episodes has seen them"});
    const MetaTrainOptions& training = options.training;
    CheckEnough("ways", training.ways, static_cast<int64_t>(base_->Classes().size()), "classes");
    for (const std::string& class_name : base_->Classes())
      CheckEnough("shots and queries", training.shots + training.queries,
                  static_cast<int64_t>(base_->Files(class_name).size()), "pictures of class " + Quote(class_name));
    validation_source_ = OpenSplit(DataRoot(), validation_.dataset, validation_.split);
    indexed_ = IndexEpisodes(validation_, validation_source_, options.validation_queries, options.validation_episodes);
  }

  Json Run() {
    const StageKey key = Key();
    const fs::path work = options_.work.empty() ? fs::path(options_.models) / "pretrain" : fs::path(options_.work);
    const fs::path folder = work / kStage / key.Folder();
    std::error_code ignored;
    if (options_.shell.dry_run)
      return {{"dry_run", true},
              {"folder", folder.string()},
              {"state", fs::exists(folder / "done.json", ignored)  ? "complete"
                        : fs::exists(folder / ".partial", ignored) ? "would go on"
                                                                   : "would run"},
              {"steps", options_.training.epochs * options_.training.episodes}};
    CreateFoldersDurably(work / kStage);
    const Lease lease(work / kStage);
    std::optional<CompletedStage> done = Finished(work / kStage, key);
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
  static void CheckEnough(const std::string& option, int64_t wanted, int64_t there, const std::string& what) {
    if (wanted <= there) return;
    Fail(ExitCode::kBadConfiguration, {.field = option,
                                       .found = std::to_string(wanted),
                                       .expected = "at most " + std::to_string(there) + " " + what});
  }

  // The result of this very training, if the set's teacher is what came out of it: the same command again has no work.
  std::optional<CompletedStage> Finished(const fs::path& results, const StageKey& key) const {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(results, ignored)) {
      auto done = entry.is_directory() ? CompletedStage::Open(entry.path()) : std::nullopt;
      if (!done) continue;
      Json expected = key.Components();
      expected["models"] = done->components().at("models");
      if (expected == done->components() && Sha256Hex(done->Read(kTeacher)) == models_.Require(kRole).sha256)
        return done;
    }
    return std::nullopt;
  }

  StageKey Key() const {
    MetaTrainOptions training = options_.training;
    OptionList list;
    training.Declare(list);
    StageKey key;
    key.stage = kStage;
    key.version = kVersion;
    key.options = list.KeyValues();
    key.options["image-size"] = image_size_;
    key.options["validation-episodes"] = options_.validation_episodes;
    key.options["validation-queries"] = options_.validation_queries;
    key.inputs["base images"] = base_->ContentSha256();
    key.inputs["validation episodes"] = validation_.sha256;
    key.models[kRole] = models_.Require(kRole).KeySha256();
    key.seed = static_cast<uint64_t>(options_.seed);
    key.device = DeviceClass(device_);
    key.dtype = "float32";
    key.threads = threads_;
    return key;
  }

  MetaTrainData Load() const {
    MetaTrainData data;
    data.input = facts_.input;
    for (const std::string& class_name : base_->Classes()) {
      std::vector<NamedFile> files;
      for (const std::string& file : base_->Files(class_name)) files.push_back({class_name, file});
      data.classes.push_back(LoadSquares(*base_, files, image_size_));
    }
    const at::Tensor images = LoadSquares(*validation_source_, indexed_.files, image_size_);
    data.validate = [this, images](const ScriptModule& module) {
      module.SetRequiresGrad(false);
      const at::Tensor features =
          TeacherFeatures(Teacher(module, facts_), images, device_, [](int64_t) { ThrowIfStopRequested(); });
      module.SetRequiresGrad(true);
      double sum = 0;
      for (const auto& episode : indexed_.episodes)
        sum += ScoreEpisode("nearest-centroid", features, episode).accuracy();
      return sum / static_cast<double>(indexed_.episodes.size());
    };
    return data;
  }

  CompletedStage Train(const fs::path& folder, const StageKey& key) const {
    KeepFreedMemory();
    const auto start = std::chrono::steady_clock::now();
    StageWriter writer(folder, key);
    const MetaTrainData data = Load();
    MetaTrainState state;
    state.teacher = models_.LoadModule(kRole, device_, at::kFloat);
    state.scale = at::full({1}, facts_.logit_scale, at::TensorOptions(at::kFloat).device(device_));
    if (const auto saved = writer.LoadCheckpoint(kCheckpoint)) {
      Restore(*saved, &state);
      spdlog::info("pretrain teacher: goes on after step {}", state.step);
    }
    const int64_t steps = options_.training.epochs * options_.training.episodes;
    Progress progress(kStage, "episodes", steps);
    progress.Advance(state.step);
    RunMetaTrain(data, options_.training, key.seed, &state, [&](const MetaTrainState& now) {
      progress.Advance();
      if (StopRequested() || writer.CheckpointDue()) writer.SaveCheckpoint(kCheckpoint, Serialize(now));
      ThrowIfStopRequested();
    });
    return Save(state, writer, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }

  CompletedStage Save(const MetaTrainState& state, StageWriter& writer, double seconds) const {
    const ScriptModule best = models_.LoadModule(kRole, c10::Device(c10::kCPU), at::kFloat);
    CopyTensors(state.best, best);
    best.SetTraining(false);
    best.SetRequiresGrad(false);
    writer.Put(kTeacher, best.ToBytes());
    writer.Put(kCurve, CanonicalJson({{"loss", state.losses}, {"validation_accuracy", state.accuracies}}) + "\n");
    return writer.Finish({{"epochs", options_.training.epochs},
                          {"best_epoch", state.best_epoch},
                          {"validation_accuracy", state.best_accuracy},
                          {"untrained_accuracy", state.accuracies.front()},
                          {"validation_episodes", indexed_.episodes.size()},
                          {"logit_scale", state.best_scale}},
                         {.seconds = seconds,
                          .device_seconds = 0,
                          .peak_host_bytes = PeakHostBytes(),
                          .peak_device_bytes = PeakDeviceBytes(device_)});
  }

  std::string Install(const CompletedStage& done) const {
    const ModelRecord& before = models_.Require(kRole);
    return InstallModel(
        options_.models, kRole, done, kTeacher,
        {{"input_size", facts_.input.input_size},
         {"resize_rule", facts_.input.resize_rule},
         {"mean", facts_.input.mean},
         {"std", facts_.input.std},
         {"feature_width", facts_.feature_width},
         {"logit_scale", done.metrics().at("logit_scale")},
         {"logit_bias", facts_.logit_bias},
         {"licence", before.licence},
         {"source", "tint pretrain teacher on " + options_.dataset + ":" + options_.split + ", key " + done.key() +
                        ", from SHA-256 " + before.sha256.substr(0, 12) + " (" + before.source + ")"}});
  }

  const PretrainTeacherOptions& options_;
  std::unique_ptr<ImageSource> base_;
  ModelSet models_;
  TeacherFacts facts_;
  int64_t image_size_;
  EpisodeFile validation_;
  int threads_;
  c10::Device device_;
  std::shared_ptr<ImageSource> validation_source_;
  IndexedEpisodes indexed_;
};

}  // namespace

void PretrainTeacherOptions::Declare(CommandOptions& command) {
  OptionList& list = command.Group("");
  list.Add("dataset", &dataset, "Data set below $TINT_DATA, such as miniimagenet.");
  list.Add("split", &split, "Split to train on.").Choices({"train", "val", "test"});
  list.Add("models", &models, "Folder of the model set whose teacher is trained.").NotInKey();
  list.Add("work", &work, "Folder of the training's state and results; empty: pretrain in the model set.").NotInKey();
  list.Add(
          "validation", &validation,
          "File of validation episodes that choose the best epoch; empty: the list of 40 that comes with the data set.")
      .NotInKey();
  list.Add("validation-episodes", &validation_episodes, "Only the first N of them; 0: all.").Range(0, 1e6);
  list.Add("validation-queries", &validation_queries, "Queries of each class of them; 0: all.")
      .Range(0, 1e6)
      .Source("S13");
  list.Add("image-size", &image_size, "Side of the pictures before the teacher's own; 0: the data set's.")
      .Range(0, 1024)
      .Unit("pixels");
  list.Add("seed", &seed, "Seed of every random draw.").Range(0, 9007199254740991.0);
  list.Add("device", &device, "Where to compute: auto, cpu, cuda or cuda:N.")
      .Matching("auto|cpu|cuda(:[0-9]{1,3})?", "auto, cpu, cuda or cuda:N");
  list.Add("threads", &threads, "Threads of arithmetic; 0: one per core.").Range(0, 4096);
  training.Declare(list);
  shell.Declare(list);
}

Json PretrainTeacher(const PretrainTeacherOptions& options) { return MetaTraining(options).Run(); }

}  // namespace tint

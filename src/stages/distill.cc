// SPDX-License-Identifier: Apache-2.0
// distill: the teacher's labels into a tiny student, from support, base and synthetic images. Paper section 3.3.

#include <ATen/ATen.h>

#include <algorithm>

#include "distill_sources.h"
#include "stages.h"
#include "tint/artifacts/student_bundle.h"
#include "tint/artifacts/training_checkpoint.h"
#include "tint/artifacts/training_curves.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/fewshot/onnx.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/student.h"
#include "tint/stages/resumable_loop.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

constexpr int64_t kDistillVersion = 3;  // 3: custom kernels in training

// `accuracies`: on validation queries, so far.
std::string SerializeState(const DistillState& state, const std::vector<double>& accuracies) {
  TrainingCheckpoint checkpoint;
  checkpoint.AddModule(state.student);
  checkpoint.AddGroup("momentum", state.momenta);
  checkpoint.Add("losses", state.losses);
  checkpoint.Add("step", at::full({1}, state.step, at::kLong));
  if (!accuracies.empty()) checkpoint.Add("accuracies", at::tensor(accuracies, at::kDouble));
  return checkpoint.Serialize();
}

void RestoreState(const std::string& bytes, DistillState* state, std::vector<double>* accuracies) {
  const TrainingCheckpoint checkpoint = TrainingCheckpoint::Parse(bytes);
  checkpoint.RestoreModule(state->student);
  state->momenta = checkpoint.Group("momentum");
  state->losses = checkpoint.Get("losses");
  state->step = checkpoint.Get("step").item<int64_t>();
  if (!checkpoint.Has("accuracies")) return;
  const at::Tensor& saved = checkpoint.Get("accuracies");
  accuracies->assign(saved.const_data_ptr<double>(), saved.const_data_ptr<double>() + saved.numel());
}

LossCurves CurvesBySource(const DistillState& state, const std::vector<DistillSource>& sources) {
  static const std::vector<std::string> columns = {"support", "base", "synthetic"};
  LossCurves curves;
  for (const DistillSource& source : sources) {
    const auto column = std::find(columns.begin(), columns.end(), source.name) - columns.begin();
    std::vector<double>& values = curves[source.name];
    for (int64_t k = 0; k < state.losses.size(0); ++k) values.push_back(state.losses[k][column].item<double>());
  }
  return curves;
}

void SaveAccuracies(const std::vector<double>& accuracies, int64_t every, StageWriter& writer) {
  if (accuracies.empty()) return;
  std::vector<AccuracyPoint> points;
  for (size_t k = 0; k < accuracies.size(); ++k)
    points.push_back({.step = static_cast<int64_t>(k + 1) * every, .accuracy = accuracies[k]});
  WriteAccuracyCurve(points, writer);
}

// A custom backbone may have operators that ONNX lacks: then there is no such file.
std::string ToOnnx(const ScriptModule& student, const StudentCard& card) {
  try {
    return StudentToOnnx(student, {card.architecture, card.classes, card.image_size, card.mean, card.std});
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    spdlog::warn("distill: the student cannot be written as ONNX: {}", error.what());
    return "";
  }
}

[[noreturn]] void FailOption(const std::string& field, const std::string& found, const std::string& expected) {
  Fail(ExitCode::kBadConfiguration, {.field = field, .found = found, .expected = expected});
}

class DistillStage : public Stage {
 public:
  DistillStage(const DistillInputs& inputs, const RunEpisode& episode, const RunSettings& settings,
               const ModelSet& models)
      : Stage(episode, settings, models),
        inputs_(inputs),
        options_(inputs.options),
        student_(inputs.student, episode, settings, models) {}
  std::string name() const override { return "distill"; }
  std::vector<std::string> needs() const override {
    if (UsesGenerated(options_, inputs_.sources)) return {"generate"};
    return {};
  }
  std::vector<std::string> roles() const override {
    if (LabelsByTeacher(options_, inputs_.sources)) return {"teacher"};
    return {};
  }

  void Check() const override {
    Stage::Check();
    if (episode_.ways() < 2)
      Fail(ExitCode::kBadInput, {.field = "classes",
                                 .found = std::to_string(episode_.ways()),
                                 .expected = "at least 2 to distil a classifier"});
    CheckSources();
    if (settings_.image_size < 16)
      FailOption("image-size", std::to_string(settings_.image_size), "at least 16: the students halve it four times");
    if (options_.evaluate_every > 0 && episode_.task.split != "val")
      FailOption("distill.evaluate-every",
                 std::to_string(options_.evaluate_every) + " for an episode that is not of a split val",
                 "0: no stage before evaluate may look at its queries");
    CheckStudent();
  }

  StageKey Key(const StageResults& earlier) const override {
    DistillOptions options = options_;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    // What `auto` resolves to on this device: a result of `auto` is one of the precision that it chose.
    values["precision"] = UsesBfloat16(options.precision, settings_.device) ? "bfloat16" : "float32";
    values["student"] = student_.architecture();
    values["image-size"] = settings_.image_size;
    const InputConfig input = student_.Input();
    values["mean"] = input.mean;
    values["std"] = input.std;
    values["base"] = inputs_.sources.base_name == "none" ? "none" : "some";
    StageKey key = NewKey(kDistillVersion, values);
    AddNeeds(earlier, &key);
    if (options.synthetic_weight > 0 && inputs_.sources.synthetic) key.inputs["synthetic folder"] = SyntheticSha256();
    key.inputs["support photos"] = episode_.SupportSha256();
    Json classes = Json::array();
    for (const TaskClass& task_class : episode_.task.classes) classes.push_back(task_class.name);
    key.inputs["classes"] = Sha256Hex(CanonicalJson(classes));
    if (inputs_.sources.base) key.inputs["base images"] = inputs_.sources.base->ContentSha256();
    AddModels(&key);
    student_.AddTo(&key);
    return key;
  }

  StageEstimate Estimate() const override {
    // A training step costs three forwards.
    const double forward = ForwardFlop(student_.architecture(), settings_.image_size);
    const auto base = ChooseBaseImages(options_, inputs_.sources, settings_.seed, episode_.stream_index());
    const auto labelled =
        static_cast<double>(episode_.ways() * inputs_.generated_images) + static_cast<double>(base.size());
    return {.flop = static_cast<double>(options_.steps * options_.batch_size) * 3 * forward +
                    labelled * FlopPerSample("teacher"),
            .disk_bytes = student_.architecture() == "conv4" ? 2u << 20 : 66u << 20,
            .note = ""};
  }

  Json Run(const StageResults& earlier, StageWriter& writer) const override {
    KeepFreedMemory();
    DistillState state;
    state.student = BuildStudent();
    state.student.MoveTo(settings_.device);
    const std::vector<DistillSource> sources = SourceGatherer(inputs_, episode_, settings_, models_)
                                                   .Gather(needs().empty() ? nullptr : &earlier.at("generate"), writer);
    LogMissingSources(sources);
    const InputConfig input = student_.Input();
    const std::vector<double> before = FixedImagesLoss(state.student, sources, options_, input.mean, input.std);
    const std::vector<double> accuracies = Train(sources, input, &state, writer);
    const std::vector<double> after = FixedImagesLoss(state.student, sources, options_, input.mean, input.std);
    state.student.MoveTo(c10::Device(c10::kCPU));
    SaveAccuracies(accuracies, options_.evaluate_every, writer);
    SaveStudent(state, input, writer);
    WriteLossCurves(CurvesBySource(state, sources), writer);
    Json metrics = {{"parameters", CountParameters(state.student)}, {"sources", Json::array()}};
    for (size_t s = 0; s < sources.size(); ++s)
      metrics["sources"].push_back({{"source", sources[s].name},
                                    {"images", sources[s].images.size(0)},
                                    {"fixed_images_loss_before", before[s]},
                                    {"fixed_images_loss_after", after[s]}});
    return metrics;
  }

 private:
  void CheckSources() const {
    const int64_t sources = (options_.support_weight > 0 ? 1 : 0) + (options_.synthetic_weight > 0 ? 1 : 0) +
                            (UsesBase(options_, inputs_.sources) ? 1 : 0);
    if (sources == 0)
      FailOption("distill.support-weight", "all weights are 0", "a weight above 0 of a source that is there");
    if (options_.batch_size < sources)
      FailOption("distill.batch-size", std::to_string(options_.batch_size),
                 "at least " + std::to_string(sources) + ", one image of each source");
  }

  void CheckStudent() const {
    if (student_.kind() == StudentInit::Kind::kRandom) return;
    const auto parameters = student_.Open().module.Parameters();
    const bool known = std::any_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
      return std::count(FirstConvolution().begin(), FirstConvolution().end(), parameter.first) > 0;
    });
    if (options_.freeze_first_conv && !known)
      FailOption("distill.freeze-first-conv", "a student whose first convolution has another name",
                 "conv1_weight or block1_conv1_weight, as in tint's own students; or freeze-first-conv false");
  }

  std::string SyntheticSha256() const {
    const ImageSource& folder = *inputs_.sources.synthetic;
    Sha256 hash;
    for (const NamedFile& file : ListSyntheticFolder(folder, episode_.task, options_.synthetic_images).files)
      hash.Update(file.class_name + "/" + file.file + " " + folder.FileSha256(file.class_name, file.file) + "\n");
    return hash.Hex();
  }

  ScriptModule BuildStudent() const {
    const SizedBackbone backbone = student_.Open();
    return BuildClassifier(backbone.module, backbone.feature_width, episode_.ways(), options_.normalize_features,
                           RandomStream({settings_.seed, "student/head", episode_.stream_index(), 0, 0}));
  }

  static void LogMissingSources(const std::vector<DistillSource>& sources) {
    if (sources.size() == 3) return;
    std::vector<std::string> names;
    for (const DistillSource& source : sources) names.push_back(source.name);
    spdlog::info("distill: from {}: {}", sources.size() == 1 ? "one source of three" : "two sources of three",
                 Join(names, ", "));
  }

  // Returns the accuracies on validation queries, every `evaluate_every` steps.
  std::vector<double> Train(const std::vector<DistillSource>& sources, const InputConfig& input, DistillState* state,
                            StageWriter& writer) const {
    std::vector<double> accuracies;
    const auto load = [&](const std::string& bytes) {
      RestoreState(bytes, state, &accuracies);
      return state->step;
    };
    const std::function<double()> validate = Validation(input, *state);
    RunResumable(writer,
                 {.name = name(),
                  .unit = "steps",
                  .total = options_.steps,
                  .checkpoint = kTrainingCheckpointFile,
                  .load = load,
                  .save = [&] { return SerializeState(*state, accuracies); }},
                 [&](int64_t, const AfterSteps& after_steps) {
                   RunDistill(sources, options_, input.mean, input.std, {settings_.seed, episode_.stream_index()},
                              state, [&](const DistillState& now) {
                                if (options_.evaluate_every > 0 && now.step % options_.evaluate_every == 0)
                                  accuracies.push_back(validate());
                                after_steps(1);
                              });
                 });
    return accuracies;
  }

  // Share of the queries of a validation episode, decoded once, that the student classifies correctly.
  std::function<double()> Validation(const InputConfig& input, const DistillState& state) const {
    if (options_.evaluate_every == 0) return {};
    const LabeledFiles queries = QueryFiles(episode_.task);
    const at::Tensor images = LoadSquares(*episode_.task.query_source, queries.files, settings_.image_size);
    return [this, &state, input, images, labels = at::tensor(queries.labels)] {
      const at::Tensor logits = StudentLogits(state.student, images, input.mean, input.std, settings_.device);
      return logits.argmax(1).eq(labels).to(at::kDouble).mean().item<double>();
    };
  }

  void SaveStudent(const DistillState& state, const InputConfig& input, StageWriter& writer) const {
    StudentCard card{.architecture = student_.architecture(),
                     .classes = {},
                     .image_size = settings_.image_size,
                     .mean = input.mean,
                     .std = input.std,
                     .file_sha256 = {}};
    for (const TaskClass& task_class : episode_.task.classes) card.classes.push_back(task_class.name);
    WriteStudent(state.student.ToBytes(), ToOnnx(state.student, card), card, writer);
  }

  const DistillInputs inputs_;
  const DistillOptions& options_;
  const StudentInit student_;
};

}  // namespace

bool UsesGenerated(const DistillOptions& options, const TrainingSources& sources) {
  return sources.synthetic == nullptr && options.synthetic_weight > 0;
}

std::unique_ptr<Stage> MakeDistillStage(const DistillInputs& inputs, const RunEpisode& episode,
                                        const RunSettings& settings, const ModelSet& models) {
  return std::make_unique<DistillStage>(inputs, episode, settings, models);
}

}  // namespace tint

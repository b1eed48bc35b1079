// distill: the teacher's labels into a tiny student, from support, base and synthetic images. Paper section 3.3.

#include <ATen/ATen.h>

#include <algorithm>

#include "distill_sources.h"
#include "student_init.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/cpu/processor.h"
#include "tint/fewshot/onnx.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/student.h"
#include "tint/models/module_tensors.h"
#include "tint/stages/stage_images.h"
#include "tint/stages/student_file.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 3;  // 3: own kernels in training
constexpr char kCheckpoint[] = "training.safetensors";

// `accuracies`: what was measured on validation queries on the way.
std::string SerializeState(const DistillState& state, const std::vector<double>& accuracies) {
  NamedTensors tensors{{"losses", state.losses}};
  AddTensors(state.student, &tensors);
  for (const auto& [name, tensor] : state.momenta) tensors["momentum." + name] = tensor;
  tensors["step"] = at::full({1}, state.step, at::kLong);
  if (!accuracies.empty()) tensors["accuracies"] = at::tensor(accuracies, at::kDouble);
  return SerializeSafetensors(tensors);
}

void RestoreState(const std::string& bytes, DistillState* state, std::vector<double>* accuracies) {
  const NamedTensors tensors = ParseSafetensors(bytes, kCheckpoint);
  RestoreTensors(tensors, state->student);
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with("momentum.")) state->momenta[name.substr(9)] = tensor;
  }
  state->losses = tensors.at("losses");
  state->step = tensors.at("step").item<int64_t>();
  if (const auto found = tensors.find("accuracies"); found != tensors.end())
    accuracies->assign(found->second.data_ptr<double>(), found->second.data_ptr<double>() + found->second.numel());
}

// Scores a student on the queries of a validation episode, which are decoded once.
class ValidationScore {
 public:
  explicit ValidationScore(const StageContext& context) : device_(context.device()) {
    if (context.options().distill.evaluate_every == 0) return;
    const LabeledFiles queries = QueryFiles(context.task());
    images_ = LoadSquares(*context.task().query_source, queries.files, context.image_size());
    labels_ = at::tensor(queries.labels);
  }
  // The share that the student, as it is now, names rightly. Training goes on after.
  double Of(const ScriptModule& student, const InputConfig& facts) const {
    const at::Tensor logits = StudentLogits(student, images_, facts.mean, facts.std, device_);
    return logits.argmax(1).eq(labels_).to(at::kDouble).mean().item<double>();
  }

 private:
  c10::Device device_;
  at::Tensor images_, labels_;
};

// The losses over the steps, for people and plots: {"support": [...], "base": [...], "synthetic": [...]}.
std::string Curves(const DistillState& state, const std::vector<DistillSource>& sources) {
  static const std::vector<std::string> columns = {"support", "base", "synthetic"};
  Json json = Json::object();
  for (const DistillSource& source : sources) {
    const auto column = std::find(columns.begin(), columns.end(), source.name) - columns.begin();
    Json values = Json::array();
    for (int64_t k = 0; k < state.losses.size(0); ++k) values.push_back(state.losses[k][column].item<double>());
    json[source.name] = values;
  }
  return CanonicalJson(json) + "\n";
}

class DistillStage : public Stage {
 public:
  std::string name() const override { return "distill"; }
  std::vector<std::string> needs(const StageContext& context) const override {
    return UsesGenerated(context) ? std::vector<std::string>{"generate"} : std::vector<std::string>();
  }
  std::vector<std::string> roles(const StageContext& context) const override {
    return AsksTeacher(context) ? std::vector<std::string>{"teacher"} : std::vector<std::string>();
  }

  void Check(const StageContext& context) const override {
    Stage::Check(context);
    if (context.ways() < 2)
      Fail(ExitCode::kBadInput, {.field = "classes",
                                 .found = std::to_string(context.ways()),
                                 .expected = "at least 2 to distil a classifier"});
    const DistillOptions& options = context.options().distill;
    const int64_t sources =
        (options.support_weight > 0 ? 1 : 0) + (options.synthetic_weight > 0 ? 1 : 0) + (UsesBase(context) ? 1 : 0);
    if (sources == 0)
      Complain("distill.support-weight", "all weights are 0", "a weight above 0 of a source that is there");
    if (options.batch_size < sources)
      Complain("distill.batch-size", std::to_string(options.batch_size),
               "at least " + std::to_string(sources) + ", one image of each source");
    if (context.image_size() < 16)
      Complain("image-size", std::to_string(context.image_size()), "at least 16: the students halve it four times");
    if (options.evaluate_every > 0 && context.task().split != "val")
      Complain("distill.evaluate-every",
               std::to_string(options.evaluate_every) + " for an episode that is not of a split val",
               "0: no stage before evaluate may look at its queries");
    const StudentInit start = ResolveStudentInit(context);
    if (start == StudentInit::kRandom) return;
    const auto parameters = OpenStart(context).module.Parameters();
    const bool own = std::any_of(parameters.begin(), parameters.end(), [](const auto& parameter) {
      return std::count(FirstConvolution().begin(), FirstConvolution().end(), parameter.first) > 0;
    });
    if (options.freeze_first_conv && !own)
      Complain("distill.freeze-first-conv", "a student whose first convolution has another name",
               "conv1_weight or block1_conv1_weight, as in tint's own students; or freeze-first-conv false");
  }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    DistillOptions options = context.options().distill;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    // What it comes to here: `auto` and bfloat16 are the same where they are.
    values["precision"] = UsesBfloat16(options.precision, context.device()) ? "bfloat16" : "float32";
    values["student"] = context.options().global.student;
    values["image-size"] = context.image_size();
    const InputConfig input = StudentInput(context);
    values["mean"] = input.mean;
    values["std"] = input.std;
    values["base"] = context.base_name() == "none" ? "none" : "some";
    StageKey key = context.NewKey(name(), kVersion, values);
    if (UsesGenerated(context)) key.inputs["generate"] = earlier.at("generate").content_sha256();
    if (options.synthetic_weight > 0 && context.synthetic_source())
      key.inputs["synthetic folder"] = SyntheticSha256(context);
    key.inputs["support photos"] = SupportSha256(context);
    Json classes = Json::array();
    for (const TaskClass& task_class : context.task().classes) classes.push_back(task_class.name);
    key.inputs["classes"] = Sha256Hex(CanonicalJson(classes));
    if (context.base_source()) key.inputs["base images"] = context.base_source()->ContentSha256();
    if (AsksTeacher(context)) key.models["teacher"] = context.models().Require("teacher").KeySha256();
    AddStart(context, &key);
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const DistillOptions& options = context.options().distill;
    // A training step costs three forwards.
    const double forward = ForwardFlop(context.options().global.student, context.image_size());
    const double labelled = static_cast<double>(context.ways() * context.options().generate.images) +
                            static_cast<double>(ChooseBaseImages(context).size());
    return {.flop = static_cast<double>(options.steps * options.batch_size) * 3 * forward +
                    labelled * FlopPerSample(context, "teacher"),
            .disk_bytes = context.options().global.student == "conv4" ? 2u << 20 : 66u << 20,
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    const DistillOptions& options = context.options().distill;
    const InputConfig facts = StudentInput(context);
    KeepFreedMemory();
    DistillState state;
    state.student = BuildStudent(context);
    state.student.MoveTo(context.device());
    const std::vector<DistillSource> sources =
        GatherSources(context, UsesGenerated(context) ? &earlier.at("generate") : nullptr, writer);
    std::vector<std::string> names;
    for (const DistillSource& source : sources) names.push_back(source.name);
    if (sources.size() < 3)
      spdlog::info("distill: from {}: {}", sources.size() == 1 ? "one source of three" : "two sources of three",
                   Join(names, ", "));
    const std::vector<double> before = FixedImagesLoss(state.student, sources, options, facts.mean, facts.std);
    std::vector<double> accuracies;
    if (const auto saved = writer.LoadCheckpoint(kCheckpoint)) {
      RestoreState(*saved, &state, &accuracies);
      spdlog::info("distill: resuming at step {}", state.step);
    }
    const ValidationScore validation(context);
    Progress progress(name(), "steps", options.steps);
    progress.StartFrom(state.step);
    RunDistill(sources, options, facts.mean, facts.std, {context.seed(), context.NewKey("", 0, {}).episode_idx}, &state,
               [&](const DistillState& now) {
                 progress.Advance();
                 if (options.evaluate_every > 0 && now.step % options.evaluate_every == 0)
                   accuracies.push_back(validation.Of(now.student, facts));
                 if (StopRequested() || writer.CheckpointDue())
                   writer.SaveCheckpoint(kCheckpoint, SerializeState(now, accuracies));
                 ThrowIfStopRequested();
               });
    const std::vector<double> after = FixedImagesLoss(state.student, sources, options, facts.mean, facts.std);
    state.student.MoveTo(c10::Device(c10::kCPU));
    SaveAccuracies(accuracies, options.evaluate_every, writer);
    return Save(context, state, sources, before, after, writer);
  }

 private:
  // Whether labels are made from the model set's teacher.
  static bool AsksTeacher(const StageContext& context) {
    const DistillOptions& options = context.options().distill;
    const auto from_teacher = [](const std::string& kind) {
      return kind == "teacher" || kind == "teacher-logistic-regression";
    };
    return (UsesBase(context) && from_teacher(options.base_labels)) ||
           (options.synthetic_weight > 0 && from_teacher(options.synthetic_labels));
  }

  static std::string SyntheticSha256(const StageContext& context) {
    Sha256 hash;
    for (const NamedFile& file : ListSyntheticFolder(context).files)
      hash.Update(file.class_name + "/" + file.file + " " +
                  context.synthetic_source()->FileSha256(file.class_name, file.file) + "\n");
    return hash.Hex();
  }

  [[noreturn]] static void Complain(const std::string& field, const std::string& found, const std::string& expected) {
    Fail(ExitCode::kBadConfiguration, {.field = field, .found = found, .expected = expected});
  }

  static ScriptModule BuildStudent(const StageContext& context) {
    const SizedBackbone backbone = OpenStart(context);
    const uint64_t episode_idx = context.NewKey("", 0, {}).episode_idx;
    return BuildClassifier(backbone.module, backbone.feature_width, context.ways(),
                           context.options().distill.normalize_features,
                           RandomStream({context.seed(), "student/head", episode_idx, 0, 0}));
  }

  // A backbone of the user's may have operators that ONNX, or we, have no word for: then there is no such file.
  static std::string Onnx(const ScriptModule& student, const StudentCard& card) {
    try {
      return StudentToOnnx(student, {card.architecture, card.classes, card.image_size, card.mean, card.std});
    } catch (const Error& error) {
      if (error.code() != ExitCode::kBadInput) throw;
      spdlog::warn("distill: no student.onnx: {}", error.what());
      return "";
    }
  }

  static void SaveAccuracies(const std::vector<double>& accuracies, int64_t every, StageWriter& writer) {
    if (accuracies.empty()) return;
    Json curve = Json::array();
    for (size_t k = 0; k < accuracies.size(); ++k)
      curve.push_back({{"step", static_cast<int64_t>(k + 1) * every}, {"accuracy", accuracies[k]}});
    writer.Put("accuracy.json", CanonicalJson(curve) + "\n");
  }

  static Json Save(const StageContext& context, const DistillState& state, const std::vector<DistillSource>& sources,
                   const std::vector<double>& before, const std::vector<double>& after, StageWriter& writer) {
    const std::string bytes = state.student.ToBytes();
    writer.Put("student.pt", bytes);
    StudentCard card{.architecture = context.options().global.student,
                     .classes = {},
                     .image_size = context.image_size(),
                     .mean = StudentInput(context).mean,
                     .std = StudentInput(context).std,
                     .file_sha256 = Sha256Hex(bytes)};
    for (const TaskClass& task_class : context.task().classes) card.classes.push_back(task_class.name);
    writer.Put("student.json", card.ToText());
    if (const std::string onnx = Onnx(state.student, card); !onnx.empty()) writer.Put("student.onnx", onnx);
    writer.Put("loss.json", Curves(state, sources));
    Json metrics = {{"parameters", CountParameters(state.student)}, {"sources", Json::array()}};
    for (size_t s = 0; s < sources.size(); ++s)
      metrics["sources"].push_back({{"source", sources[s].name},
                                    {"images", sources[s].images.size(0)},
                                    {"fixed_images_loss_before", before[s]},
                                    {"fixed_images_loss_after", after[s]}});
    return metrics;
  }
};

}  // namespace

std::unique_ptr<Stage> MakeDistillStage() { return std::make_unique<DistillStage>(); }

}  // namespace tint

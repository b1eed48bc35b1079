// distill: the teacher's labels into a tiny student, from support, base and synthetic pictures. TINT 3.3, method.md
// S17.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "distill_sources.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/fewshot/student.h"
#include "tint/stages/pictures.h"
#include "tint/stages/student_file.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 2;  // 2: as many base pictures of each class
constexpr char kCheckpoint[] = "training.safetensors";

std::string StudentRole(const StageContext& context) { return "student-" + context.options().global.student; }

// How the student starts (contract.md "Student start"): a file, the model set's, or random weights if asked for.
enum class Start { kFile, kModelSet, kRandom };

Start ChooseStart(const StageContext& context) {
  const GlobalOptions& global = context.options().global;
  if (!global.student_weights.empty()) return Start::kFile;
  if (global.student_init == "random") return Start::kRandom;
  if (context.models().Has(StudentRole(context))) return Start::kModelSet;
  Fail(ExitCode::kMissingInput,
       {.file = context.models().folder().string(),
        .field = StudentRole(context),
        .found = "no weights for the student to start from",
        .expected = "a role " + StudentRole(context) + " in models.json, or --student-weights FILE",
        .remedy = "Pre-train one (tint pretrain student), or start from nothing with --student-init random."});
}

std::string SerializeState(const DistillState& state) {
  NamedTensors tensors{{"losses", state.losses}};
  for (const auto& [name, tensor] : state.student.Parameters()) tensors["parameter." + name] = tensor.detach();
  for (const auto& [name, tensor] : state.student.Buffers()) tensors["buffer." + name] = tensor;
  for (const auto& [name, tensor] : state.momenta) tensors["momentum." + name] = tensor;
  tensors["step"] = at::full({1}, state.step, at::kLong);
  return SerializeSafetensors(tensors);
}

void RestoreState(const std::string& bytes, DistillState* state) {
  c10::NoGradGuard no_grad;
  const NamedTensors tensors = ParseSafetensors(bytes, kCheckpoint);
  for (auto& [name, tensor] : state->student.Parameters()) tensor.copy_(tensors.at("parameter." + name));
  for (auto& [name, tensor] : state->student.Buffers()) tensor.copy_(tensors.at("buffer." + name));
  for (const auto& [name, tensor] : tensors) {
    if (name.starts_with("momentum.")) state->momenta[name.substr(9)] = tensor;
  }
  state->losses = tensors.at("losses");
  state->step = tensors.at("step").item<int64_t>();
}

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
  std::vector<std::string> needs() const override { return {"generate"}; }
  std::vector<std::string> roles() const override { return {"teacher"}; }

  void Check(const StageContext& context) const override {
    Stage::Check(context);
    if (context.ways() < 2)
      Fail(ExitCode::kBadInput, {.field = "classes",
                                 .found = std::to_string(context.ways()),
                                 .expected = "at least 2 to distil a classifier"});
    const DistillOptions& options = context.options().distill;
    const int64_t sources = (options.support_weight > 0 ? 1 : 0) + (options.synthetic_weight > 0 ? 1 : 0) +
                            (ChooseBaseImages(context).empty() ? 0 : 1);
    if (sources == 0)
      Complain("distill.support-weight", "all weights are 0", "a weight above 0 of a source that is there");
    if (options.batch < sources)
      Complain("distill.batch", std::to_string(options.batch),
               "at least " + std::to_string(sources) + ", one picture of each source");
    if (context.image_size() < 16)
      Complain("image-size", std::to_string(context.image_size()), "at least 16: the students halve it four times");
    const Start start = ChooseStart(context);
    if (start == Start::kRandom) return;
    const auto parameters = Backbone(context).module.Parameters();
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
    values["student"] = context.options().global.student;
    values["image-size"] = context.image_size();
    const InputFacts input = StudentInput(context);
    values["mean"] = input.mean;
    values["std"] = input.std;
    values["base"] = context.base_name() == "none" ? "none" : "some";
    StageKey key = context.NewKey(name(), kVersion, values);
    key.inputs["generate"] = earlier.at("generate").content_sha256();
    key.inputs["support photos"] = SupportSha256(context);
    Json classes = Json::array();
    for (const TaskClass& task_class : context.task().classes) classes.push_back(task_class.name);
    key.inputs["classes"] = Sha256Hex(CanonicalJson(classes));
    if (context.base_source()) key.inputs["base images"] = context.base_source()->ContentSha256();
    key.models["teacher"] = context.models().Require("teacher").KeySha256();
    AddStart(context, &key);
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const DistillOptions& options = context.options().distill;
    const double scale = static_cast<double>(context.image_size() * context.image_size()) / (84.0 * 84.0);
    // Forward FLOP at 84x84; a training step costs three forwards (performance.md, 1.1).
    const double forward = (context.options().global.student == "conv4" ? 0.194e9 : 4.93e9) * scale;
    const double labelled = static_cast<double>(context.ways() * context.options().generate.images) +
                            static_cast<double>(ChooseBaseImages(context).size());
    return {.flop = static_cast<double>(options.steps * options.batch) * 3 * forward +
                    labelled * FlopPerSample(context, "teacher"),
            .disk_bytes = context.options().global.student == "conv4" ? 1u << 20 : 33u << 20,
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    const DistillOptions& options = context.options().distill;
    const InputFacts facts = StudentInput(context);
    DistillState state;
    state.student = BuildStudent(context);
    state.student.MoveTo(context.device());
    const std::vector<DistillSource> sources = GatherSources(context, earlier.at("generate"), writer);
    std::vector<std::string> names;
    for (const DistillSource& source : sources) names.push_back(source.name);
    if (sources.size() < 3)
      spdlog::info("distill: from {}: {}", sources.size() == 1 ? "one source of three" : "two sources of three",
                   Join(names, ", "));
    const std::vector<double> before = FixedImagesLoss(state.student, sources, options, facts.mean, facts.std);
    if (const auto saved = writer.LoadCheckpoint(kCheckpoint)) {
      RestoreState(*saved, &state);
      spdlog::info("distill: goes on after step {}", state.step);
    }
    Progress progress(name(), "steps", options.steps);
    progress.Advance(state.step);
    RunDistill(sources, options, facts.mean, facts.std, {context.seed(), context.NewKey("", 0, {}).episode_idx}, &state,
               [&](const DistillState& now) {
                 progress.Advance();
                 if (StopRequested() || writer.CheckpointDue()) writer.SaveCheckpoint(kCheckpoint, SerializeState(now));
                 ThrowIfStopRequested();
               });
    const std::vector<double> after = FixedImagesLoss(state.student, sources, options, facts.mean, facts.std);
    state.student.MoveTo(c10::Device(c10::kCPU));
    return Save(context, state, sources, before, after, writer);
  }

 private:
  static void AddStart(const StageContext& context, StageKey* key) {
    switch (ChooseStart(context)) {
      case Start::kFile:
        key->models["student start"] = Sha256OfFile(context.options().global.student_weights);
        break;
      case Start::kModelSet:
        key->models["student start"] = context.models().Require(StudentRole(context)).KeySha256();
        break;
      case Start::kRandom:
        key->options["student-init"] = "random";
    }
  }

  [[noreturn]] static void Complain(const std::string& field, const std::string& found, const std::string& expected) {
    Fail(ExitCode::kBadConfiguration, {.field = field, .found = found, .expected = expected});
  }

  static StudentSpec Spec(const StageContext& context) {
    const DistillOptions& options = context.options().distill;
    StudentSpec spec;
    spec.architecture = context.options().global.student;
    spec.image_size = context.image_size();
    spec.conv4_head = options.conv4_head;
    spec.activation = options.activation;
    spec.resnet12_widths.clear();
    for (const std::string& width : Split(options.resnet12_widths, '-'))
      spec.resnet12_widths.push_back(std::stoll(width));
    return spec;
  }

  // What the student's weights were trained to see: the model set says it for its own, the data set for all others.
  static InputFacts StudentInput(const StageContext& context) {
    if (ChooseStart(context) == Start::kModelSet) return context.models().ReadInputFacts(StudentRole(context));
    InputFacts facts;
    facts.input_size = context.image_size();
    facts.mean = context.task().facts.mean;
    facts.std = context.task().facts.std;
    return facts;
  }

  struct SizedBackbone {
    ScriptModule module;
    int64_t feature_width;
  };

  // The weights to start from. A file may hold any backbone: what it gives for one black picture tells its width.
  static SizedBackbone Backbone(const StageContext& context) {
    const StudentSpec spec = Spec(context);
    const c10::Device cpu(c10::kCPU);
    const Start start = ChooseStart(context);
    if (start == Start::kRandom)
      return {BuildBackbone(spec, RandomStream({context.seed(), "student", 0, 0, 0})), FeatureWidth(spec)};
    const InputFacts facts = StudentInput(context);
    if (facts.input_size != context.image_size())
      Complain("image-size", std::to_string(context.image_size()),
               std::to_string(facts.input_size) + ", the input size of " + StudentRole(context) + " in models.json");
    const std::string file = start == Start::kFile ? context.options().global.student_weights
                                                   : context.models().Require(StudentRole(context)).file;
    ScriptModule module = start == Start::kFile
                              ? ScriptModule::FromBytes(context.models().ReadListedFile(file), file, cpu, at::kFloat)
                              : context.models().LoadModule(StudentRole(context), cpu, at::kFloat);
    module.SetTraining(false);
    c10::NoGradGuard no_grad;
    const at::Tensor features = module.Call("forward", {at::zeros({1, 3, spec.image_size, spec.image_size})});
    if (features.dim() != 2)
      Fail(ExitCode::kBadInput, {.file = file,
                                 .field = "forward",
                                 .found = "an output of shape " + c10::str(features.sizes()),
                                 .expected = "features [B, D] of a backbone"});
    return {std::move(module), features.size(1)};
  }

  static ScriptModule BuildStudent(const StageContext& context) {
    const SizedBackbone backbone = Backbone(context);
    const uint64_t episode_idx = context.NewKey("", 0, {}).episode_idx;
    return BuildClassifier(backbone.module, backbone.feature_width, context.ways(),
                           context.options().distill.normalize_features,
                           RandomStream({context.seed(), "student/head", episode_idx, 0, 0}));
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

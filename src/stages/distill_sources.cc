#include "distill_sources.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <memory>

#include "student_init.h"
#include "tint/artifacts/image_shards.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/fewshot/logistic_regression.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/image.h"
#include "tint/stages/shared_features.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr char kLabels[] = "pseudo_labels.safetensors";

struct Labelled {
  at::Tensor images;  // uint8 [M, 3, S, S]
  at::Tensor labels;  // int64 [M]
};

Labelled Load(const ImageSource& source, const LabeledFiles& files, int64_t size) {
  return {LoadSquares(source, files.files, size), at::tensor(files.labels)};
}

Labelled LoadGenerated(const StageContext& context, const CompletedStage& generate) {
  const JsonDocument index = ParseJson(generate.Read("index.json"), "index.json", ExitCode::kCorrupt,
                                       {.max_bytes = 1u << 30, .max_depth = 32});
  std::vector<at::Tensor> images;
  std::vector<int64_t> labels;
  const Json& classes = RequireArray(index, "/classes", ExitCode::kCorrupt);
  TINT_CHECK_EQ(static_cast<int64_t>(classes.size()), context.ways());
  const int64_t wanted = context.options().distill.synthetic_images;
  for (size_t c = 0; c < classes.size(); ++c) {
    int64_t taken = 0;
    for (const Json& shard : classes[c].at("shards")) {
      if (wanted > 0 && taken >= wanted) break;
      const std::string file = shard.get<std::string>();
      for (const ShardEntry& entry : ReadShard(generate.Read(file), file)) {
        if (wanted > 0 && taken++ >= wanted) break;
        images.push_back(DecodeImage(entry.bytes, file + "/" + entry.name, {.min_side = 1}).pixels);
        labels.push_back(static_cast<int64_t>(c));
      }
    }
  }
  return {at::stack(images), at::tensor(labels)};
}

// Features [M, D] of all of `images`. They are kept: to label a large set is hours of a small machine's work.
at::Tensor KeptFeatures(const FeatureSource& source, const std::string& name, const at::Tensor& images,
                        StageWriter& writer) {
  constexpr int64_t kChunk = 64;  // whole batches of both backbones, so that a restart changes no bit
  const std::string checkpoint = "features-" + name + ".safetensors";
  Progress progress("distill", "labels of " + name + " images", images.size(0));
  std::vector<at::Tensor> parts;
  int64_t done = 0;
  if (const auto saved = writer.LoadCheckpoint(checkpoint)) {
    parts.push_back(ParseSafetensors(*saved, checkpoint).at("features"));
    done = parts.back().size(0);
    progress.StartFrom(done);
  }
  while (done < images.size(0)) {
    const int64_t rows = std::min(kChunk, images.size(0) - done);
    parts.push_back(source.compute(images.narrow(0, done, rows)));
    done += rows;
    progress.Advance(rows);
    if (StopRequested() || writer.CheckpointDue() || done == images.size(0))
      writer.SaveCheckpoint(checkpoint, SerializeSafetensors({{"features", at::cat(parts)}}));
    ThrowIfStopRequested();
  }
  return at::cat(parts);
}

struct OpenedTeacher {
  FeatureSource features;
  TeacherConfig facts;
};

// The model set's teacher, as it computes features.
OpenedTeacher OpenTeacher(const StageContext& context) {
  const auto teacher = std::make_shared<Teacher>(context.models().LoadTeacher(context.device(), context.dtype()));
  const auto compute = [teacher, device = context.device()](const at::Tensor& images) {
    return TeacherFeatures(*teacher, images, device);
  };
  return {{"teacher",
           context.models().Require("teacher").FeaturesSha256(),
           {{"image-size", context.image_size()}},
           compute},
          teacher->facts()};
}

// The student as it is before distillation, as it computes features.
FeatureSource StartFeatures(const StageContext& context) {
  ScriptModule backbone = OpenStart(context).module;
  backbone.MoveTo(context.device());
  const InputConfig input = StudentInput(context);
  Json options = {{"image-size", context.image_size()}, {"mean", input.mean}, {"std", input.std}};
  if (ResolveStudentInit(context) == StudentInit::kRandom)
    options["student"] = context.options().distill.student.conv4_head;
  const auto compute = [backbone, input, device = context.device()](const at::Tensor& images) {
    return StudentLogits(backbone, images, input.mean, input.std, device);
  };
  return {"student", StartSha256(context), options, compute};
}

// One who labels images: features of them all, and logits from features.
class Labeller {
 public:
  virtual ~Labeller() = default;
  virtual FeatureSource Source() const = 0;
  // Learns from the supports' features or images.
  virtual void Fit(const StageContext& context, const Labelled& support) = 0;
  virtual at::Tensor Logits(const at::Tensor& features) const = 0;
};

// The deployed PMF teacher (arXiv 2204.07305).
class TeacherLabeller : public Labeller {
 public:
  explicit TeacherLabeller(const StageContext& context) : backbone_(OpenTeacher(context)) {}
  FeatureSource Source() const override { return backbone_.features; }
  void Fit(const StageContext& context, const Labelled& support) override {
    prototypes_ = Prototypes(Source().compute(support.images), support.labels, context.ways());
  }
  at::Tensor Logits(const at::Tensor& features) const override {
    return PseudoLabels(features, prototypes_, backbone_.facts.logit_scale, backbone_.facts.logit_bias);
  }

 private:
  OpenedTeacher backbone_;
  at::Tensor prototypes_;
};

// Logistic regression on frozen features (docs/method.md, Logistic regression): those of the student's start, or a
// teacher's.
class RegressionLabeller : public Labeller {
 public:
  explicit RegressionLabeller(FeatureSource features) : features_(std::move(features)) {}
  FeatureSource Source() const override { return features_; }
  void Fit(const StageContext& context, const Labelled& support) override {
    const DistillOptions& options = context.options().distill;
    const int64_t count = support.images.size(0), copies = std::max<int64_t>(1, options.support_copies);
    at::Tensor images = support.images.repeat({copies, 1, 1, 1});
    if (options.support_copies > 0) {
      std::vector<RandomStream> streams;
      for (int64_t k = 0; k < count * copies; ++k)
        streams.emplace_back(StreamKey{context.seed(), "distill/logistic-regression",
                                       context.NewKey("", 0, {}).episode_idx, 0, static_cast<uint64_t>(k)});
      images = Augment(images, options.augmentation.Augmentation(images.size(3)), streams);
    }
    classifier_ = FitLogisticRegression(NormalizeRows(features_.compute(images)), support.labels.repeat({copies}),
                                        context.ways());
  }
  at::Tensor Logits(const at::Tensor& features) const override { return classifier_.Logits(NormalizeRows(features)); }

 private:
  FeatureSource features_;
  LinearClassifier classifier_;
};

std::unique_ptr<Labeller> MakeLabeller(const StageContext& context, const std::string& kind) {
  if (kind == "teacher") return std::make_unique<TeacherLabeller>(context);
  if (kind == "teacher-logistic-regression") return std::make_unique<RegressionLabeller>(OpenTeacher(context).features);
  TINT_CHECK_EQ(kind, "logistic-regression");
  return std::make_unique<RegressionLabeller>(StartFeatures(context));
}

// Soft labels of the images that get some: {"base": [M, N], "synthetic": [M, N]}.
NamedTensors PseudoLabelSources(const StageContext& context, const Labelled& support,
                                const std::map<std::string, at::Tensor>& images,
                                const std::vector<NamedFile>& base_files, StageWriter& writer) {
  const DistillOptions& options = context.options().distill;
  NamedTensors logits;
  std::map<std::string, std::unique_ptr<Labeller>> labellers;
  for (const auto& [name, source_images] : images) {
    const std::string kind = name == "base" ? options.base_labels : options.synthetic_labels;
    if (kind == "class") continue;
    std::unique_ptr<Labeller>& labeller = labellers[kind];
    if (!labeller) {
      labeller = MakeLabeller(context, kind);
      labeller->Fit(context, support);
    }
    const bool shared = name == "base" && options.base_images == 0;
    logits[name] = labeller->Logits(shared ? SharedFeatures(context, labeller->Source(), base_files, source_images)
                                           : KeptFeatures(labeller->Source(), name, source_images, writer));
    CheckFinite(logits[name], kind + " labels of " + name + " images");
  }
  return logits;
}

}  // namespace

bool UsesBase(const StageContext& context) {
  return context.base_source() != nullptr && context.options().distill.base_weight > 0;
}

std::vector<NamedFile> ChooseBaseImages(const StageContext& context) {
  if (!UsesBase(context)) return {};
  std::vector<NamedFile> all = AllFiles(*context.base_source());
  const int64_t wanted = context.options().distill.base_images;
  if (wanted == 0 || wanted >= static_cast<int64_t>(all.size())) return all;
  // As many of each class: one after another, each class in its own shuffled order.
  std::vector<std::vector<int64_t>> orders;
  const std::vector<std::string>& classes = context.base_source()->Classes();
  for (size_t c = 0; c < classes.size(); ++c) {
    RandomStream stream({context.seed(), "distill/base", context.NewKey("", 0, {}).episode_idx, c, 0});
    orders.push_back(stream.Permutation(static_cast<int64_t>(context.base_source()->Files(classes[c]).size())));
  }
  std::vector<NamedFile> chosen;
  for (size_t k = 0; static_cast<int64_t>(chosen.size()) < wanted; ++k) {
    for (size_t c = 0; c < classes.size() && static_cast<int64_t>(chosen.size()) < wanted; ++c) {
      if (k < orders[c].size())
        chosen.push_back({classes[c], context.base_source()->Files(classes[c])[static_cast<size_t>(orders[c][k])]});
    }
  }
  return chosen;
}

LabeledFiles ListSyntheticFolder(const StageContext& context) {
  LabeledFiles all;
  const auto wanted = static_cast<size_t>(context.options().distill.synthetic_images);
  for (size_t c = 0; c < context.task().classes.size(); ++c) {
    const std::string& name = context.task().classes[c].name;
    const std::vector<std::string>& own = context.synthetic_source()->Files(name);
    for (size_t k = 0; k < own.size() && (wanted == 0 || k < wanted); ++k) {
      all.files.push_back({name, own[k]});
      all.labels.push_back(static_cast<int64_t>(c));
    }
  }
  return all;
}

std::vector<DistillSource> GatherSources(const StageContext& context, const CompletedStage* generate,
                                         StageWriter& writer) {
  const DistillOptions& options = context.options().distill;
  const Labelled support = Load(*context.task().support_source, SupportFiles(context.task()), context.image_size());
  std::map<std::string, at::Tensor> images;
  Labelled synthetic;
  if (options.synthetic_weight > 0) {
    synthetic = generate != nullptr
                    ? LoadGenerated(context, *generate)
                    : Load(*context.synthetic_source(), ListSyntheticFolder(context), context.image_size());
    images["synthetic"] = synthetic.images;
  }
  const std::vector<NamedFile> base_files = ChooseBaseImages(context);
  if (!base_files.empty()) images["base"] = LoadSquares(*context.base_source(), base_files, context.image_size());
  NamedTensors logits;
  const bool soft = images.count("base") > 0 || (images.count("synthetic") > 0 && options.synthetic_labels != "class");
  if (soft) {
    if (!writer.Has(kLabels))
      writer.Put(kLabels, SerializeSafetensors(PseudoLabelSources(context, support, images, base_files, writer)));
    logits = ParseSafetensors(writer.Read(kLabels), kLabels);
  }
  std::vector<DistillSource> sources;
  if (options.support_weight > 0)
    sources.push_back({"support", support.images, support.labels, {}, options.support_weight});
  if (images.count("base") > 0) sources.push_back({"base", images["base"], {}, logits.at("base"), options.base_weight});
  if (images.count("synthetic") > 0) {
    const bool hard = options.synthetic_labels == "class";
    sources.push_back({"synthetic", synthetic.images, hard ? synthetic.labels : at::Tensor(),
                       hard ? at::Tensor() : logits.at("synthetic"), options.synthetic_weight});
  }
  return sources;
}

}  // namespace tint

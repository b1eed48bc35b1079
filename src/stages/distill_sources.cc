#include "distill_sources.h"

#include <ATen/ATen.h>

#include "tint/artifacts/image_shards.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/picture.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr char kLabels[] = "pseudo_labels.safetensors";

struct Labelled {
  at::Tensor images;  // uint8 [M, 3, S, S]
  at::Tensor labels;  // int64 [M]
};

Labelled LoadSupport(const StageContext& context) {
  std::vector<NamedFile> files;
  std::vector<int64_t> labels;
  const Task& task = context.task();
  for (size_t c = 0; c < task.classes.size(); ++c) {
    for (const std::string& file : task.classes[c].support) {
      files.push_back({task.classes[c].name, file});
      labels.push_back(static_cast<int64_t>(c));
    }
  }
  return {LoadSquares(*task.support_source, files, context.image_size()), at::tensor(labels)};
}

Labelled LoadSynthetic(const StageContext& context, const CompletedStage& generate) {
  const JsonDocument index = ParseJson(generate.Read("index.json"), "index.json", ExitCode::kCorrupt,
                                       {.max_bytes = 1u << 30, .max_depth = 32});
  std::vector<at::Tensor> images;
  std::vector<int64_t> labels;
  const Json& classes = RequireArray(index, "/classes", ExitCode::kCorrupt);
  TINT_CHECK_EQ(static_cast<int64_t>(classes.size()), context.ways());
  for (size_t c = 0; c < classes.size(); ++c) {
    for (const Json& shard : classes[c].at("shards")) {
      const std::string file = shard.get<std::string>();
      for (const ShardEntry& entry : ReadShard(generate.Read(file), file)) {
        images.push_back(DecodePicture(entry.bytes, file + "/" + entry.name, {.min_side = 1}).pixels);
        labels.push_back(static_cast<int64_t>(c));
      }
    }
  }
  return {at::stack(images), at::tensor(labels)};
}

// Features, prototypes and logits of all pictures, once.
NamedTensors LabelAll(const StageContext& context, const Labelled& support, const at::Tensor& base,
                      const at::Tensor& synthetic) {
  const Teacher teacher = context.models().LoadTeacher(context.device(), context.dtype());
  const int64_t total = support.images.size(0) + synthetic.size(0) + (base.defined() ? base.size(0) : 0);
  Progress progress("distill", "teacher labels", total);
  const auto label = [&](const at::Tensor& images) {
    int64_t before = 0;
    return TeacherFeatures(teacher, images, context.device(), [&](int64_t done) {
      progress.Advance(done - before);
      before = done;
      ThrowIfStopRequested();
    });
  };
  const at::Tensor prototypes = Prototypes(label(support.images), support.labels, context.ways());
  const TeacherFacts& facts = teacher.facts();
  NamedTensors logits{{"prototypes", prototypes}};
  logits["synthetic"] = PseudoLabels(label(synthetic), prototypes, facts.logit_scale, facts.logit_bias);
  if (base.defined()) logits["base"] = PseudoLabels(label(base), prototypes, facts.logit_scale, facts.logit_bias);
  for (const auto& [name, tensor] : logits) CheckFinite(tensor, "teacher's " + name);
  return logits;
}

}  // namespace

std::vector<NamedFile> ChooseBaseImages(const StageContext& context) {
  std::vector<NamedFile> all;
  if (!context.base_source()) return all;
  for (const std::string& class_name : context.base_source()->Classes()) {
    for (const std::string& file : context.base_source()->Files(class_name)) all.push_back({class_name, file});
  }
  const int64_t wanted = context.options().distill.base_images;
  if (wanted == 0 || wanted >= static_cast<int64_t>(all.size())) return all;
  RandomStream stream({context.seed(), "distill/base", context.NewKey("", 0, {}).episode_idx, 0, 0});
  const std::vector<int64_t> order = stream.Permutation(static_cast<int64_t>(all.size()));
  std::vector<NamedFile> chosen;
  for (int64_t i = 0; i < wanted; ++i) chosen.push_back(all[static_cast<size_t>(order[static_cast<size_t>(i)])]);
  return chosen;
}

std::vector<DistillSource> GatherSources(const StageContext& context, const CompletedStage& generate,
                                         StageWriter& writer) {
  const DistillOptions& options = context.options().distill;
  const Labelled support = LoadSupport(context);
  const Labelled synthetic = LoadSynthetic(context, generate);
  const std::vector<NamedFile> base_files = ChooseBaseImages(context);
  at::Tensor base;
  if (!base_files.empty()) base = LoadSquares(*context.base_source(), base_files, context.image_size());
  if (!writer.Has(kLabels))
    writer.Put(kLabels, SerializeSafetensors(LabelAll(context, support, base, synthetic.images)));
  const NamedTensors logits = ParseSafetensors(writer.Read(kLabels), kLabels);
  std::vector<DistillSource> sources;
  sources.push_back({"support", support.images, support.labels, {}, options.support_weight});
  if (base.defined()) sources.push_back({"base", base, {}, logits.at("base"), options.base_weight});
  if (options.synthetic_labels == "class") {
    sources.push_back({"synthetic", synthetic.images, synthetic.labels, {}, options.synthetic_weight});
  } else {
    sources.push_back({"synthetic", synthetic.images, {}, logits.at("synthetic"), options.synthetic_weight});
  }
  return sources;
}

}  // namespace tint

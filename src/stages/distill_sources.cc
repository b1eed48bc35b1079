#include "distill_sources.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>

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

// Features [M, D] of all of `images`. They are kept: to label a large base set is hours of a small machine's work.
at::Tensor KeptFeatures(const StageContext& context, const Teacher& teacher, const std::string& name,
                        const at::Tensor& images, StageWriter& writer, Progress* progress) {
  constexpr int64_t kChunk = 2 * kTeacherPiece;  // whole pieces, so that a restart changes no bit
  const std::string checkpoint = "features-" + name + ".safetensors";
  std::vector<at::Tensor> parts;
  int64_t done = 0;
  if (const auto saved = writer.LoadCheckpoint(checkpoint)) {
    parts.push_back(ParseSafetensors(*saved, checkpoint).at("features"));
    done = parts.back().size(0);
    progress->Advance(done);
  }
  while (done < images.size(0)) {
    const int64_t rows = std::min(kChunk, images.size(0) - done);
    parts.push_back(TeacherFeatures(teacher, images.narrow(0, done, rows), context.device()));
    done += rows;
    progress->Advance(rows);
    if (StopRequested() || writer.CheckpointDue() || done == images.size(0))
      writer.SaveCheckpoint(checkpoint, SerializeSafetensors({{"features", at::cat(parts)}}));
    ThrowIfStopRequested();
  }
  return at::cat(parts);
}

// Prototypes, and logits of all pictures, once.
NamedTensors LabelAll(const StageContext& context, const at::Tensor& support, const at::Tensor& support_labels,
                      const std::map<std::string, at::Tensor>& pictures, StageWriter& writer) {
  const Teacher teacher = context.models().LoadTeacher(context.device(), context.dtype());
  int64_t total = support.size(0);
  for (const auto& [name, images] : pictures) total += images.size(0);
  Progress progress("distill", "teacher labels", total);
  const at::Tensor features = KeptFeatures(context, teacher, "support", support, writer, &progress);
  const at::Tensor prototypes = Prototypes(features, support_labels, context.ways());
  NamedTensors logits{{"prototypes", prototypes}};
  for (const auto& [name, images] : pictures) {
    const at::Tensor own = KeptFeatures(context, teacher, name, images, writer, &progress);
    logits[name] = PseudoLabels(own, prototypes, teacher.facts().logit_scale, teacher.facts().logit_bias);
  }
  for (const auto& [name, tensor] : logits) CheckFinite(tensor, "teacher's " + name);
  return logits;
}

}  // namespace

std::vector<NamedFile> ChooseBaseImages(const StageContext& context) {
  std::vector<NamedFile> all;
  if (!context.base_source() || context.options().distill.base_weight == 0) return all;
  for (const std::string& class_name : context.base_source()->Classes()) {
    for (const std::string& file : context.base_source()->Files(class_name)) all.push_back({class_name, file});
  }
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

std::vector<DistillSource> GatherSources(const StageContext& context, const CompletedStage& generate,
                                         StageWriter& writer) {
  const DistillOptions& options = context.options().distill;
  const Labelled support = LoadSupport(context);
  std::map<std::string, at::Tensor> pictures;
  Labelled synthetic;
  if (options.synthetic_weight > 0) {
    synthetic = LoadSynthetic(context, generate);
    pictures["synthetic"] = synthetic.images;
  }
  const std::vector<NamedFile> base_files = ChooseBaseImages(context);
  if (!base_files.empty()) pictures["base"] = LoadSquares(*context.base_source(), base_files, context.image_size());
  if (!writer.Has(kLabels))
    writer.Put(kLabels, SerializeSafetensors(LabelAll(context, support.images, support.labels, pictures, writer)));
  const NamedTensors logits = ParseSafetensors(writer.Read(kLabels), kLabels);
  std::vector<DistillSource> sources;
  if (options.support_weight > 0)
    sources.push_back({"support", support.images, support.labels, {}, options.support_weight});
  if (pictures.count("base") > 0)
    sources.push_back({"base", pictures["base"], {}, logits.at("base"), options.base_weight});
  if (pictures.count("synthetic") > 0) {
    const bool soft = options.synthetic_labels == "teacher";
    sources.push_back({"synthetic", synthetic.images, soft ? at::Tensor() : synthetic.labels,
                       soft ? logits.at("synthetic") : at::Tensor(), options.synthetic_weight});
  }
  return sources;
}

}  // namespace tint

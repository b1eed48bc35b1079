// SPDX-License-Identifier: Apache-2.0
#include "distill_sources.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <memory>

#include "tint/artifacts/generated_images.h"
#include "tint/artifacts/student_bundle.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/fewshot/labeller.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/decode.h"
#include "tint/stages/resumable_loop.h"
#include "tint/stages/shared_features.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

// Features [M, D] of all of `images`. They are kept: to label a large set is hours of a small machine's work.
at::Tensor KeptFeatures(const FeatureExtractor& extractor, const std::string& source, const at::Tensor& images,
                        StageWriter& writer) {
  constexpr int64_t kChunk = 64;  // whole batches of both backbones, so that a restart changes no bit
  const std::string checkpoint = "features-" + source + ".safetensors";
  std::vector<at::Tensor> parts;
  const auto load = [&](const std::string& bytes) {
    parts.push_back(ParseSafetensors(bytes, checkpoint).at("features"));
    return parts.back().size(0);
  };
  RunResumable(writer,
               {.name = "distill",
                .unit = "labels of " + source + " images",
                .total = images.size(0),
                .checkpoint = checkpoint,
                .load = load,
                .save =
                    [&] {
                      return SerializeSafetensors({{"features", at::cat(parts)}});
                    },
                .keep_finished = true},
               [&](int64_t finished, const AfterSteps& after_steps) {
                 for (int64_t first = finished; first < images.size(0); first += kChunk) {
                   const int64_t rows = std::min(kChunk, images.size(0) - first);
                   parts.push_back(extractor.compute(images.narrow(0, first, rows)));
                   after_steps(rows);
                 }
               });
  return at::cat(parts);
}

// The model set's teacher. The images are resized to its own size from the run's.
FeatureExtractor TeacherExtractor(std::shared_ptr<const Teacher> teacher, const std::string& sha256,
                                  const RunSettings& settings) {
  return {"teacher",
          sha256,
          {{"image-size", settings.image_size}},
          [teacher = std::move(teacher), device = settings.device](const at::Tensor& images) {
            return TeacherFeatures(*teacher, images, device);
          }};
}

bool IsFromTeacher(PseudoLabels labels) {
  return labels == PseudoLabels::kTeacher || labels == PseudoLabels::kTeacherLogisticRegression;
}

}  // namespace

bool UsesBase(const DistillOptions& options, const TrainingSources& sources) {
  return sources.base != nullptr && options.base_weight > 0;
}

bool LabelsByTeacher(const DistillOptions& options, const TrainingSources& sources) {
  return (UsesBase(options, sources) && IsFromTeacher(options.base_labels)) ||
         (options.synthetic_weight > 0 && IsFromTeacher(options.synthetic_labels));
}

std::vector<NamedFile> ChooseBaseImages(const DistillOptions& options, const TrainingSources& sources, uint64_t seed,
                                        uint64_t episode_idx) {
  if (!UsesBase(options, sources)) return {};
  const ImageSource& base = *sources.base;
  std::vector<NamedFile> all = AllFiles(base);
  const int64_t wanted = options.base_images;
  if (wanted == 0 || wanted >= static_cast<int64_t>(all.size())) return all;
  // As many of each class: one after another, each class in its own shuffled order.
  std::vector<std::vector<int64_t>> orders;
  const std::vector<std::string>& classes = base.Classes();
  for (size_t c = 0; c < classes.size(); ++c) {
    RandomStream stream({seed, "distill/base", episode_idx, c, 0});
    orders.push_back(stream.Permutation(static_cast<int64_t>(base.Files(classes[c]).size())));
  }
  std::vector<NamedFile> chosen;
  for (size_t k = 0; static_cast<int64_t>(chosen.size()) < wanted; ++k) {
    for (size_t c = 0; c < classes.size() && static_cast<int64_t>(chosen.size()) < wanted; ++c) {
      if (k < orders[c].size())
        chosen.push_back({classes[c], base.Files(classes[c])[static_cast<size_t>(orders[c][k])]});
    }
  }
  return chosen;
}

LabeledFiles ListSyntheticFolder(const ImageSource& synthetic, const Task& task, int64_t wanted) {
  LabeledFiles all;
  for (size_t c = 0; c < task.classes.size(); ++c) {
    const std::string& name = task.classes[c].name;
    const std::vector<std::string>& own = synthetic.Files(name);
    for (size_t k = 0; k < own.size() && (wanted == 0 || static_cast<int64_t>(k) < wanted); ++k) {
      all.files.push_back({name, own[k]});
      all.labels.push_back(static_cast<int64_t>(c));
    }
  }
  return all;
}

SourceGatherer::LabeledImages SourceGatherer::LoadLabeled(const ImageSource& source, const LabeledFiles& files) const {
  return {LoadSquares(source, files.files, settings_.image_size), at::tensor(files.labels)};
}

SourceGatherer::LabeledImages SourceGatherer::LoadGenerated(const CompletedStage& generate) const {
  const GeneratedImages generated = GeneratedImages::Read(generate);
  TINT_CHECK_EQ(static_cast<int64_t>(generated.classes.size()), episode_.ways());
  std::vector<at::Tensor> images;
  std::vector<int64_t> labels;
  const int64_t wanted = options_.synthetic_images;
  for (size_t c = 0; c < generated.classes.size(); ++c) {
    int64_t taken = 0;
    for (const std::string& file : generated.classes[c].shards) {
      if (wanted > 0 && taken >= wanted) break;
      for (const ShardEntry& entry : ReadGeneratedShard(generate, file)) {
        if (wanted > 0 && taken++ >= wanted) break;
        images.push_back(DecodeImage(entry.bytes, file + "/" + entry.name, {.min_side = 1}).pixels);
        labels.push_back(static_cast<int64_t>(c));
      }
    }
  }
  return {at::stack(images), at::tensor(labels)};
}

SourceGatherer::LabeledImages SourceGatherer::LoadSynthetic(const CompletedStage* generate) const {
  if (generate != nullptr) return LoadGenerated(*generate);
  const ImageSource& folder = *inputs_.sources.synthetic;
  return LoadLabeled(folder, ListSyntheticFolder(folder, episode_.task, options_.synthetic_images));
}

// The student with its initial weights.
FeatureExtractor SourceGatherer::StudentExtractor() const {
  const StudentInit init(inputs_.student, episode_, settings_, models_);
  ScriptModule backbone = init.Open().module;
  backbone.MoveTo(settings_.device);
  const InputConfig input = init.Input();
  Json options = init.RandomOptions();
  options.update({{"image-size", settings_.image_size}, {"mean", input.mean}, {"std", input.std}});
  return {"student", init.Sha256(), options, [backbone, input, device = settings_.device](const at::Tensor& images) {
            return StudentLogits(backbone, images, input.mean, input.std, device);
          }};
}

std::unique_ptr<Labeller> SourceGatherer::MakeLabeller(PseudoLabels kind) const {
  const SupportCopies copies{.copies = options_.support_copies,
                             .augmentation = options_.augmentation,
                             .seed = settings_.seed,
                             .episode_idx = episode_.stream_index()};
  if (!IsFromTeacher(kind)) return MakeRegressionLabeller(StudentExtractor(), copies);
  const auto teacher = std::make_shared<Teacher>(models_.LoadTeacher(settings_.device, settings_.dtype));
  const FeatureExtractor extractor = TeacherExtractor(teacher, models_.Require("teacher").FeaturesSha256(), settings_);
  if (kind == PseudoLabels::kTeacherLogisticRegression) return MakeRegressionLabeller(extractor, copies);
  return MakePrototypeLabeller(extractor, teacher->config().logit_scale, teacher->config().logit_bias);
}

// Soft labels of the images that get some: {"base": [M, N], "synthetic": [M, N]}.
NamedTensors SourceGatherer::PseudoLabelSources(const LabeledImages& support,
                                                const std::map<std::string, at::Tensor>& images,
                                                const std::vector<NamedFile>& base_files, StageWriter& writer) const {
  NamedTensors logits;
  std::map<PseudoLabels, std::unique_ptr<Labeller>> labellers;
  for (const auto& [source, source_images] : images) {
    const PseudoLabels kind = source == "base" ? options_.base_labels : options_.synthetic_labels;
    if (kind == PseudoLabels::kClass) continue;
    std::unique_ptr<Labeller>& labeller = labellers[kind];
    if (!labeller) {
      labeller = MakeLabeller(kind);
      labeller->Fit(support.images, support.labels, episode_.ways());
    }
    const bool shared = source == "base" && options_.base_images == 0;
    const FeatureExtractor& extractor = labeller->extractor();
    logits[source] = labeller->Logits(
        shared ? SharedFeatures(inputs_.run, settings_, extractor, *inputs_.sources.base, base_files, source_images)
               : KeptFeatures(extractor, source, source_images, writer));
    CheckFinite(logits[source], ToString(kind) + " labels of " + source + " images");
  }
  return logits;
}

std::vector<DistillSource> SourceGatherer::Gather(const CompletedStage* generate, StageWriter& writer) const {
  const LabeledImages support = LoadLabeled(*episode_.task.support_source, SupportFiles(episode_.task));
  std::map<std::string, at::Tensor> images;
  LabeledImages synthetic;
  if (options_.synthetic_weight > 0) {
    synthetic = LoadSynthetic(generate);
    images["synthetic"] = synthetic.images;
  }
  const std::vector<NamedFile> base_files =
      ChooseBaseImages(options_, inputs_.sources, settings_.seed, episode_.stream_index());
  if (!base_files.empty()) images["base"] = LoadSquares(*inputs_.sources.base, base_files, settings_.image_size);
  const bool hard = options_.synthetic_labels == PseudoLabels::kClass;
  NamedTensors logits;
  if (images.count("base") > 0 || (images.count("synthetic") > 0 && !hard)) {
    if (!ReadPseudoLabels(writer)) WritePseudoLabels(PseudoLabelSources(support, images, base_files, writer), writer);
    logits = *ReadPseudoLabels(writer);
  }
  std::vector<DistillSource> sources;
  if (options_.support_weight > 0)
    sources.push_back({"support", support.images, support.labels, {}, options_.support_weight});
  if (images.count("base") > 0)
    sources.push_back({"base", images["base"], {}, logits.at("base"), options_.base_weight});
  if (images.count("synthetic") > 0)
    sources.push_back({"synthetic", synthetic.images, hard ? synthetic.labels : at::Tensor(),
                       hard ? at::Tensor() : logits.at("synthetic"), options_.synthetic_weight});
  return sources;
}

}  // namespace tint

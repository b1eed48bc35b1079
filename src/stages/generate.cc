// SPDX-License-Identifier: Apache-2.0
// generate: varied images of each class, from blends of inverted photos with fresh noise. Paper section 3.2;
// docs/method.md, Blending and generation.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "stages.h"
#include "tint/artifacts/contact_sheets.h"
#include "tint/artifacts/generated_images.h"
#include "tint/artifacts/null_text_paths.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/stop.h"
#include "tint/image/decode.h"
#include "tint/image/encode.h"
#include "tint/inversion/tint_sampler.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/memory_plan.h"
#include "tint/stages/resumable_loop.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/dtype.h"

namespace tint {
namespace {

constexpr int64_t kGenerateVersion = 2;
// Images of one batch. The sizes are part of the key: see SampleOptions::batch_size.
constexpr int64_t kBatchOnCpu = 8, kBatchOnDevice = 32;
constexpr int64_t kSheetImages = 8;

struct SamplerModels {
  Denoiser denoiser;
  Autoencoder autoencoder;
  TextEncoder text_encoder;
};

// The images of one archive so far.
struct ShardInProgress {
  int64_t class_idx, first, count;
  std::string file;
  GeneratedShard made;

  int64_t done() const { return static_cast<int64_t>(made.images.size()); }
};

int64_t RedrawnOf(const std::vector<GeneratedImage>& records) {
  return std::count_if(records.begin(), records.end(), [](const GeneratedImage& image) { return image.attempt > 0; });
}

class GenerateStage : public Stage {
 public:
  GenerateStage(const GenerateInputs& inputs, const RunEpisode& episode, const RunSettings& settings,
                const ModelSet& models)
      : Stage(episode, settings, models), inputs_(inputs), options_(inputs.options) {}
  std::string name() const override { return "generate"; }
  std::vector<std::string> needs() const override { return {"textual-inversion", "null-text-inversion"}; }
  std::vector<std::string> roles() const override { return {"denoiser", "autoencoder", "text_encoder", "tokenizer"}; }

  StageKey Key(const StageResults& earlier) const override {
    GenerateOptions options = options_;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    values["image-size"] = settings_.image_size;
    values["prompt"] = inputs_.words.prompt;
    values["batch-size"] = BatchSize();
    StageKey key = NewKey(kGenerateVersion, values);
    AddNeeds(earlier, &key);
    AddModels(&key);
    return key;
  }

  StageEstimate Estimate() const override {
    const auto images = static_cast<double>(AllImages()), steps = static_cast<double>(inputs_.inversion.steps);
    const double branches = options_.guidance == 1.0 ? 1 : 2, side = static_cast<double>(settings_.image_size);
    const auto full = static_cast<double>(ModelImageSize(inputs_.super_resolve, models_));
    return {
        .flop = images * (steps * branches * FlopPerSample("denoiser") + FlopPerSample("autoencoder")),
        .disk_bytes = static_cast<uint64_t>(images * 2 * (side * side + (options_.keep_originals ? full * full : 0))),
        .note = ""};
  }

  Json Run(const StageResults& earlier, StageWriter& writer) const override {
    c10::NoGradGuard no_grad;
    const SamplerModels models{models_.LoadDenoiser(settings_.device, settings_.dtype),
                               models_.LoadAutoencoder(settings_.device),
                               models_.LoadTextEncoder(settings_.device, settings_.dtype)};
    PlanMemory(models, ReadPaths(models, earlier, 0));
    Progress progress(name(), "images", AllImages());
    GeneratedImages index{.image_size = settings_.image_size, .classes = {}};
    std::vector<ContactRow> sheet;
    RedrawBudget redraws(AllImages(), PrecisionHint());
    for (int64_t c = 0; c < episode_.ways(); ++c) {
      const InvertedPaths paths = ReadPaths(models, earlier, c);
      GeneratedClass made{.name = episode_.OfClass(c).name, .shards = {}, .images = {}};
      for (int64_t first = 0; first < options_.images; first += kImagesPerShard) {
        const std::string file = GeneratedShardFile(episode_.FileStem(c), first / kImagesPerShard);
        WriteClassShard(models, paths, {c, first, std::min(kImagesPerShard, options_.images - first), file, {}}, writer,
                        &redraws, &progress);
        const std::vector<GeneratedImage> records = *ReadGeneratedRecords(writer, file);
        made.images.insert(made.images.end(), records.begin(), records.end());
        made.shards.push_back(file);
      }
      sheet.push_back(SheetRow(made.name, ReadGeneratedShard(writer, made.shards[0])));
      index.classes.push_back(std::move(made));
    }
    index.Write(writer);
    WriteContactSheet(sheet, writer);
    return {{"images_per_class", options_.images}, {"redrawn", redraws.count()}};
  }

 private:
  int64_t AllImages() const { return episode_.ways() * options_.images; }

  int64_t BatchSize() const {
    if (options_.batch_size > 0) return options_.batch_size;
    return settings_.device.is_cpu() ? kBatchOnCpu : kBatchOnDevice;
  }

  std::string PrecisionHint() const {
    return settings_.dtype == at::kFloat ? "" : " (in " + DtypeName(settings_.dtype) + "; try --dtype float32)";
  }

  InvertedPaths ReadPaths(const SamplerModels& models, const StageResults& earlier, int64_t class_idx) const {
    const std::string stem = episode_.FileStem(class_idx);
    const NullTextPaths inverted = NullTextPaths::Read(earlier.at("null-text-inversion"), stem);
    CheckPaths(inverted, stem);
    return {.latents = inverted.latents.to(settings_.device),
            .unconditional = inverted.unconditional.to(settings_.device),
            .conditional =
                LearnedContext(inputs_.words, models_, models.text_encoder, earlier.at("textual-inversion"), stem),
            .timesteps = inverted.timesteps};
  }

  // The embeddings belong to one list of timesteps: with another they would steer wrongly.
  void CheckPaths(const NullTextPaths& paths, const std::string& stem) const {
    const NullTextOptions& inversion = inputs_.inversion;
    if (paths.timesteps != SamplerTimesteps(inversion.steps, inversion.spacing))
      Fail(ExitCode::kCorrupt,
           {.file = stem,
            .field = "timesteps",
            .found = std::to_string(paths.timesteps.size()) + " timesteps",
            .expected = "those of " + std::to_string(inversion.steps) + " steps, " + ToString(inversion.spacing),
            .remedy = "Inversion and generation use the same timesteps: run null-text-inversion again."});
    if (options_.support >= paths.latents.size(0))
      Fail(ExitCode::kBadConfiguration, {.field = "generate.support-photo",
                                         .found = std::to_string(options_.support),
                                         .expected = "-1 or 0 to " + std::to_string(paths.latents.size(0) - 1)});
  }

  void PlanMemory(const SamplerModels& models, const InvertedPaths& paths) const {
    CheckBatchFitsMemory(settings_.device,
                         {.stage = name(),
                          .option = "--generate.batch-size",
                          .unit = "images",
                          .batch_size = BatchSize(),
                          .why = options_.batch_size > 0 ? "as asked" : "the default of this device"},
                         [&] { MeasureSample(models.denoiser, models.autoencoder, paths, options_.guidance); });
  }

  void WriteClassShard(const SamplerModels& models, const InvertedPaths& paths, ShardInProgress shard,
                       StageWriter& writer, RedrawBudget* redraws, Progress* progress) const {
    if (const auto records = ReadGeneratedRecords(writer, shard.file)) {
      redraws->Add(RedrawnOf(*records));
      progress->Advance(shard.count);
      return;
    }
    const auto load = [&](const std::string& bytes) {
      shard.made = ParseUnfinishedShard(bytes, shard.file);
      redraws->Add(RedrawnOf(shard.made.records));
      return shard.done();
    };
    RunResumable(writer,
                 {.name = name() + ": " + shard.file,
                  .unit = "images",
                  .total = shard.count,
                  .checkpoint = shard.file,
                  .load = load,
                  .save = [&] { return SerializeUnfinishedShard(shard.made); },
                  .progress = progress},
                 [&](int64_t, const AfterSteps& after_steps) {
                   while (shard.done() < shard.count) after_steps(AddBatch(models, paths, redraws, &shard));
                 });
    WriteGeneratedShard(shard.made, shard.file, writer);
  }

  // The shard's next images, at most a batch. Returns their number.
  int64_t AddBatch(const SamplerModels& models, const InvertedPaths& paths, RedrawBudget* redraws,
                   ShardInProgress* shard) const {
    const SampleDraws draws{.seed = settings_.seed,
                            .episode_idx = episode_.stream_index(),
                            .class_idx = static_cast<uint64_t>(shard->class_idx),
                            .first = shard->first + shard->done(),
                            .count = std::min(BatchSize(), shard->count - shard->done())};
    const SampleOptions options{.image_size = settings_.image_size,
                                .alpha = options_.alpha,
                                .random_alpha = options_.random_alpha,
                                .support = options_.support,
                                .guidance = options_.guidance,
                                .sampler = options_.sampler,
                                .keep_originals = options_.keep_originals,
                                .batch_size = BatchSize()};
    int64_t image_idx = draws.first;
    for (const SampledImage& image : SampleImages(models.denoiser, models.autoencoder, paths, draws, options, redraws,
                                                  [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); })) {
      const std::string file = GeneratedImageFile(image_idx++);
      shard->made.images.push_back({file, EncodePng(image.image)});
      if (image.original.defined()) shard->made.originals.push_back({file, EncodePng(image.original)});
      shard->made.records.push_back(
          {.file = file, .support_idx = image.support_idx, .alpha = image.alpha, .attempt = image.attempt});
    }
    return draws.count;
  }

  static ContactRow SheetRow(const std::string& class_name, const std::vector<ShardEntry>& entries) {
    ContactRow row{class_name, {}};
    for (size_t i = 0; i < entries.size() && i < kSheetImages; ++i)
      row.images.push_back(DecodeImage(entries[i].bytes, entries[i].name, {.min_side = 1}).pixels);
    return row;
  }

  const GenerateInputs inputs_;
  const GenerateOptions& options_;
};

}  // namespace

std::unique_ptr<Stage> MakeGenerateStage(const GenerateInputs& inputs, const RunEpisode& episode,
                                         const RunSettings& settings, const ModelSet& models) {
  return std::make_unique<GenerateStage>(inputs, episode, settings, models);
}

}  // namespace tint

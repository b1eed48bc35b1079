// SPDX-License-Identifier: Apache-2.0
// null-text-inversion: every photo's noise path and the embeddings that lead back along it. docs/method.md, Null-text
// inversion.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <functional>
#include <map>

#include "null_text_state.h"
#include "stages.h"
#include "tint/artifacts/contact_sheets.h"
#include "tint/artifacts/null_text_paths.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/stop.h"
#include "tint/models/flops.h"
#include "tint/stages/imported_inversion.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/memory_plan.h"
#include "tint/stages/reconstruction.h"
#include "tint/stages/resumable_loop.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kNullTextVersion = 2;

// In float32 whatever the other stages compute in: in half precision the gradient, about 1e-7, is lost.
struct InversionModels {
  TextEncoder text_encoder;
  Denoiser denoiser;
  Autoencoder autoencoder;
};

class NullTextInversionStage : public Stage {
 public:
  NullTextInversionStage(const NullTextOptions& options, const TextualInversionOptions& words,
                         const RunEpisode& episode, const RunSettings& settings, const ModelSet& models)
      : Stage(episode, settings, models), options_(options), words_(words) {}
  std::string name() const override { return "null-text-inversion"; }
  std::vector<std::string> needs() const override { return {"super-resolve", "textual-inversion"}; }
  std::vector<std::string> roles() const override { return {"denoiser", "autoencoder", "text_encoder", "tokenizer"}; }

  void Check() const override {
    Stage::Check();
    CheckNullTextOptions(options_);
  }

  StageKey Key(const StageResults& earlier) const override {
    NullTextOptions options = options_;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    values["prompt"] = words_.prompt;
    StageKey key = NewKey(kNullTextVersion, values);
    key.dtype = "float32";
    AddNeeds(earlier, &key);
    for (const auto& [class_idx, imported] : Imported())
      key.inputs["inverted " + std::to_string(class_idx)] = imported.file_sha256;
    AddModels(&key);
    return key;
  }

  bool OnlyImports() const override { return !options_.inverted.empty(); }

  StageEstimate Estimate() const override {
    const auto photos = static_cast<double>(episode_.support_photos()), steps = static_cast<double>(options_.steps);
    const double inner = Optimises() ? static_cast<double>(options_.inner_steps) : 0;
    const double forwards = OnlyImports() ? 2 : 3 + inner * kContextGradientCost;
    uint64_t embedding_bytes = 0;
    if (models_.Has("denoiser")) {
      const DenoiserConfig facts = models_.ReadDenoiserConfig();
      embedding_bytes = static_cast<uint64_t>(facts.context_length * facts.context_width * 4);
    }
    return {.flop = photos * steps * forwards * FlopPerSample("denoiser"),
            // Twice: the result, and the last checkpoint beside it.
            .disk_bytes = 2 * static_cast<uint64_t>(photos * steps) * embedding_bytes,
            .note = Optimises() && !OnlyImports() ? "at most: photos stop early" : ""};
  }

  Json Run(const StageResults& earlier, StageWriter& writer) const override {
    c10::NoGradGuard no_grad;
    const InversionModels models{models_.LoadTextEncoder(settings_.device, at::kFloat),
                                 models_.LoadDenoiser(settings_.device, at::kFloat),
                                 models_.LoadAutoencoder(settings_.device)};
    const auto imported = Imported();
    const Inverted inverted =
        imported.empty() ? GatherInverted(InvertAll(models, earlier, writer)) : Import(models, earlier, imported);
    Json metrics = {{"classes", Json::array()}};
    std::vector<ContactRow> sheet;
    int64_t first = 0;
    for (int64_t c = 0; c < episode_.ways(); ++c) {
      const auto photos = static_cast<int64_t>(episode_.OfClass(c).support.size());
      const auto fidelity =
          CompareReconstructions({.class_name = episode_.OfClass(c).name,
                                  .stem = episode_.FileStem(c),
                                  .photos = ReadUpscaled(episode_, earlier.at("super-resolve"), c),
                                  .start = inverted.start.narrow(0, first, photos),
                                  .end = inverted.end.narrow(0, first, photos)},
                                 models.autoencoder, settings_.device, options_.warn_psnr_loss, &sheet);
      metrics["classes"].push_back(SaveClass(inverted, c, first, photos, fidelity, writer));
      first += photos;
    }
    WriteContactSheet(sheet, writer);
    for (const std::string& checkpoint : Checkpoints()) writer.DropCheckpoint(checkpoint);
    return metrics;
  }

 private:
  bool Optimises() const {
    return options_.method == NullTextMethod::kNullText || options_.method == NullTextMethod::kGlobal;
  }

  std::map<int64_t, ImportedInversion> Imported() const {
    return ReadImportedInversions(options_, episode_.task, models_);
  }

  int64_t BatchSize() const {
    const int64_t photos = episode_.support_photos();
    return options_.batch_size > 0 ? std::min(options_.batch_size, photos) : photos;
  }

  std::vector<std::string> Checkpoints() const {
    std::vector<std::string> names;
    for (int64_t first = 0; first < episode_.support_photos(); first += BatchSize())
      names.push_back("photos-" + std::to_string(first) + ".safetensors");
    return names;
  }

  // Encoded photos [K, C, h, w] of a class, and the context of the class for each of them, [K, L, F].
  std::pair<at::Tensor, at::Tensor> Encode(const InversionModels& models, const StageResults& earlier,
                                           int64_t class_idx) const {
    const at::Tensor start =
        EncodeUpscaled(episode_, earlier.at("super-resolve"), models.autoencoder, settings_.device, class_idx);
    return {start, LearnedContext(words_, models_, models.text_encoder, earlier.at("textual-inversion"),
                                  episode_.FileStem(class_idx))
                       .expand({start.size(0), -1, -1})};
  }

  // All photos of the episode, batch after batch; a finished batch stays as its checkpoint until all are.
  std::vector<NullTextState> InvertAll(const InversionModels& models, const StageResults& earlier,
                                       StageWriter& writer) const {
    std::vector<at::Tensor> starts, contexts;
    for (int64_t c = 0; c < episode_.ways(); ++c) {
      const auto [start, context] = Encode(models, earlier, c);
      starts.push_back(start.to(settings_.device));
      contexts.push_back(context);
    }
    const at::Tensor start = at::cat(starts), context = at::cat(contexts);
    PlanMemory(models.denoiser, start[0], context[0]);
    const at::Tensor empty = MakePrompt(words_, models_, models.text_encoder, 1).EmptyContext(models.text_encoder);
    Progress progress(name(), "timesteps", static_cast<int64_t>(Checkpoints().size()) * StepsOfBatch());
    std::vector<NullTextState> states;
    for (const std::string& checkpoint : Checkpoints()) {
      const auto first = static_cast<int64_t>(states.size()) * BatchSize();
      const int64_t count = std::min(BatchSize(), start.size(0) - first);
      states.push_back(InvertBatch(models.denoiser, start.narrow(0, first, count), context.narrow(0, first, count),
                                   empty, checkpoint, writer, &progress));
    }
    return states;
  }

  int64_t StepsOfBatch() const {
    return options_.steps + (options_.method == NullTextMethod::kGlobal ? options_.inner_steps : 0);
  }

  void PlanMemory(const Denoiser& denoiser, const at::Tensor& start, const at::Tensor& context) const {
    CheckBatchFitsMemory(
        settings_.device,
        {.stage = name(),
         .option = "--null-text-inversion.batch-size",
         .unit = "photos",
         .batch_size = BatchSize(),
         .why = options_.batch_size > 0 ? "as asked" : "all of the episode"},
        [&] { MeasureNullTextSample(denoiser, start, context, options_.inner_steps > 0 && Optimises()); });
  }

  NullTextState InvertBatch(const Denoiser& denoiser, const at::Tensor& start, const at::Tensor& context,
                            const at::Tensor& empty, const std::string& checkpoint, StageWriter& writer,
                            Progress* progress) const {
    const NoiseSchedule schedule;
    NullTextState state;
    const auto load = [&](const std::string& bytes) {
      state = ParseNullText(bytes, checkpoint, start.device());
      return state.step_idx + state.passes;
    };
    const auto run = [&](int64_t finished, const AfterSteps& after_steps) {
      if (state.path.empty())
        state = StartNullText(denoiser, schedule, start, context, empty, options_, ThrowIfStopRequested);
      if (finished < StepsOfBatch())
        RunNullText(denoiser, schedule, context, options_, &state, [&](const NullTextState&) { after_steps(1); });
    };
    RunResumable(writer,
                 {.name = name() + ": " + checkpoint.substr(0, checkpoint.find('.')),
                  .unit = "timesteps",
                  .total = StepsOfBatch(),
                  .checkpoint = checkpoint,
                  .load = load,
                  .save = [&] { return SerializeNullText(state); },
                  .keep_finished = true,
                  .progress = progress},
                 run);
    return state;
  }

  // The paths of files, walked back under the run's guidance to see how near they come to the run's photos.
  Inverted Import(const InversionModels& models, const StageResults& earlier,
                  const std::map<int64_t, ImportedInversion>& imported) const {
    std::vector<at::Tensor> latents, starts, ends, unconditional;
    for (const auto& [class_idx, inversion] : imported) {
      const auto [start, context] = Encode(models, earlier, class_idx);
      if (start.sizes() != inversion.latents.sizes())
        Fail(ExitCode::kBadConfiguration,
             {.field = "null-text-inversion.inverted",
              .found = "latents " + DescribeTensor(inversion.latents) + " of class " + episode_.FileStem(class_idx),
              .expected = DescribeTensor(start) + ", as the run's photos have",
              .remedy = "Give the --super-resolve.post-size they were inverted at."});
      starts.push_back(start);
      ends.push_back(WalkBack(models.denoiser, inversion, context));
      latents.push_back(inversion.latents);
      unconditional.push_back(inversion.unconditional);
    }
    return {.latents = at::cat(latents),
            .start = at::cat(starts),
            .end = at::cat(ends),
            .unconditional = at::cat(unconditional),
            .loss = {},
            .initial_loss = {},
            .inner_steps = {}};
  }

  at::Tensor WalkBack(const Denoiser& denoiser, const ImportedInversion& inversion, const at::Tensor& context) const {
    const at::Tensor embeddings = inversion.unconditional.to(settings_.device);
    return Denoise(
               denoiser, NoiseSchedule(), inversion.latents.to(settings_.device),
               {.guidance = options_.inversion_guidance,
                .timesteps = SamplerTimesteps(options_.steps, options_.spacing)},
               [&](int64_t step_idx, const at::Tensor&) {
                 return Conditioning{embeddings.select(1, step_idx), context};
               },
               [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); })
        .cpu();
  }

  Json SaveClass(const Inverted& inverted, int64_t class_idx, int64_t first, int64_t photos,
                 const std::vector<Fidelity>& fidelity, StageWriter& writer) const {
    const auto part = [&](const at::Tensor& all) {
      return all.defined() ? all.narrow(0, first, photos).contiguous() : at::Tensor();
    };
    const std::string stem = episode_.FileStem(class_idx);
    const NullTextPaths paths{.latents = part(inverted.latents),
                              .start = part(inverted.start),
                              .unconditional = part(inverted.unconditional),
                              .timesteps = SamplerTimesteps(options_.steps, options_.spacing),
                              .initial_loss = part(inverted.initial_loss),
                              .loss = part(inverted.loss),
                              .inner_steps = part(inverted.inner_steps)};
    CheckFinite(paths.unconditional, "null-text embeddings of class " + stem);
    CheckFinite(paths.latents, "inverted latents of class " + stem);
    paths.Write(stem, writer);
    Json metrics = {{"class", stem}};
    if (paths.loss.defined()) {
      metrics["mean_loss_before"] = paths.initial_loss.mean().item<double>();
      metrics["mean_loss_after"] = paths.loss.mean().item<double>();
      metrics["inner_steps"] = paths.inner_steps.sum().item<int64_t>();
    }
    Json psnr = Json::array(), psnr_of_autoencoder = Json::array();
    for (const Fidelity& one : fidelity) {
      psnr.push_back(one.reconstruction);
      psnr_of_autoencoder.push_back(one.round_trip);
    }
    metrics["psnr"] = psnr;
    metrics["psnr_of_autoencoder"] = psnr_of_autoencoder;
    return metrics;
  }

  const NullTextOptions& options_;
  const TextualInversionOptions& words_;
};

}  // namespace

std::unique_ptr<Stage> MakeNullTextInversionStage(const NullTextOptions& options, const TextualInversionOptions& words,
                                                  const RunEpisode& episode, const RunSettings& settings,
                                                  const ModelSet& models) {
  return std::make_unique<NullTextInversionStage>(options, words, episode, settings, models);
}

}  // namespace tint

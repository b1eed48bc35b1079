// SPDX-License-Identifier: Apache-2.0
// textual-inversion: one learned word per class, from all of its upscaled photos. docs/method.md, Textual inversion.

#include <ATen/ATen.h>

#include <algorithm>
#include <optional>

#include "preview_sheets.h"
#include "stages.h"
#include "tint/artifacts/learned_embeddings.h"
#include "tint/artifacts/training_curves.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/models/flops.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/memory_plan.h"
#include "tint/stages/resumable_loop.h"
#include "tint/stages/stage_images.h"
#include "tint/stages/textual_inversion_latents.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kTextualInversionVersion = 2;
constexpr char kWordCheckpoint[] = "state.safetensors";

std::string SerializeWords(const TextualInversionState& state) {
  return SerializeSafetensors({{"vectors", state.vectors},
                               {"first_moment", state.first_moment},
                               {"second_moment", state.second_moment},
                               {"losses", state.losses}},
                              {{"step", std::to_string(state.step)}});
}

// The step is written as metadata for people and as the number of finished losses for us: unfinished ones are NaN.
TextualInversionState ParseWords(const std::string& bytes, int64_t steps) {
  const NamedTensors tensors = ParseSafetensors(bytes, kWordCheckpoint);
  TextualInversionState state;
  state.vectors = RequireTensor(tensors, "vectors", {-1, -1, -1}, at::kFloat, kWordCheckpoint);
  state.first_moment = RequireTensor(tensors, "first_moment", state.vectors.sizes(), at::kFloat, kWordCheckpoint);
  state.second_moment = RequireTensor(tensors, "second_moment", state.vectors.sizes(), at::kFloat, kWordCheckpoint);
  state.losses = tensors.at("losses");
  TINT_CHECK_EQ(state.losses.size(1), steps);
  state.step = steps - state.losses[0].isnan().sum().item<int64_t>();
  return state;
}

std::vector<double> ToNumbers(const at::Tensor& values) {
  const at::Tensor flat = values.cpu().to(at::kDouble).contiguous();
  return {flat.const_data_ptr<double>(), flat.const_data_ptr<double>() + flat.numel()};
}

int64_t CountOf(const std::vector<int64_t>& classes) { return static_cast<int64_t>(classes.size()); }

class TextualInversionStage : public Stage {
 public:
  TextualInversionStage(const TextualInversionInputs& inputs, const RunEpisode& episode, const RunSettings& settings,
                        const ModelSet& models)
      : Stage(episode, settings, models), inputs_(inputs), options_(inputs.options) {}
  std::string name() const override { return "textual-inversion"; }
  std::vector<std::string> needs() const override { return {"super-resolve"}; }
  std::vector<std::string> roles() const override { return {"denoiser", "autoencoder", "text_encoder", "tokenizer"}; }

  void Check() const override {
    Stage::Check();
    Imported();
    const TextEncoder text_encoder = models_.LoadTextEncoder(c10::Device(c10::kCPU), at::kFloat);
    StartTextualInversion(MakePrompts(options_, models_, text_encoder).front(), 1, options_);
  }

  StageKey Key(const StageResults& earlier) const override {
    TextualInversionOptions options = options_;
    OptionList list;
    options.Declare(list);
    const std::map<int64_t, ImportedWord> imported = Imported();
    const bool learns = static_cast<int64_t>(imported.size()) < episode_.ways();
    StageKey key = NewKey(kTextualInversionVersion, learns ? list.KeyValues() : Json{{"prompt", options.prompt}});
    key.dtype = "float32";
    for (const auto& [class_idx, word] : imported)
      key.inputs["embedding of " + episode_.FileStem(class_idx)] = word.file_sha256;
    if (!learns) return key;
    if (!options.templates.empty()) key.inputs["templates"] = TemplatesSha256(options);
    if (options.exact_timesteps || options.preview_every > 0) {
      key.options["sampler steps"] = inputs_.inversion.steps;
      key.options["sampler spacing"] = ToString(inputs_.inversion.spacing);
    }
    if (options.preview_every > 0) key.options["preview guidance"] = inputs_.preview_guidance;
    AddNeeds(earlier, &key);
    AddModels(&key);
    return key;
  }

  StageEstimate Estimate() const override {
    const auto classes = static_cast<double>(ClassesToLearn(Imported()).size());
    const double sample = kContextGradientCost * FlopPerSample("denoiser") + 3 * FlopPerSample("text_encoder");
    return {.flop = classes * static_cast<double>(options_.steps * options_.batch_size) * sample,
            .disk_bytes = static_cast<uint64_t>(episode_.ways()) * 8192,
            .note = ""};
  }

  bool OnlyImports() const override { return static_cast<int64_t>(Imported().size()) == episode_.ways(); }

  Json Run(const StageResults& earlier, StageWriter& writer) const override {
    const std::map<int64_t, ImportedWord> imported = Imported();
    const std::vector<int64_t> classes = ClassesToLearn(imported);
    Json metrics = {{"classes", Json::array()}};
    for (const auto& [class_idx, word] : imported) {
      WriteWord(word.vectors, class_idx, writer);
      metrics["classes"].push_back({{"class", episode_.FileStem(class_idx)}, {"embedding_sha256", word.file_sha256}});
    }
    if (!classes.empty()) Learn(earlier.at("super-resolve"), classes, writer, &metrics);
    return metrics;
  }

 private:
  std::map<int64_t, ImportedWord> Imported() const { return ReadImportedWords(options_, episode_.task, models_); }

  std::vector<int64_t> ClassesToLearn(const std::map<int64_t, ImportedWord>& imported) const {
    std::vector<int64_t> classes;
    for (int64_t c = 0; c < episode_.ways(); ++c) {
      if (imported.count(c) == 0) classes.push_back(c);
    }
    return classes;
  }

  void WriteWord(const at::Tensor& vectors, int64_t class_idx, StageWriter& writer) const {
    WriteLearnedEmbedding(vectors, PlaceholderOf(options_.prompt), episode_.FileStem(class_idx), writer);
  }

  void Learn(const CompletedStage& super_resolve, const std::vector<int64_t>& classes, StageWriter& writer,
             Json* metrics) const {
    // Gradients and the optimiser's small steps need float32 whatever the other stages compute in.
    const Denoiser denoiser = models_.LoadDenoiser(settings_.device, at::kFloat);
    const TextEncoder text_encoder = models_.LoadTextEncoder(settings_.device, at::kFloat);
    const NoiseSchedule schedule;
    const std::vector<PromptTemplate> prompts = MakePrompts(options_, models_, text_encoder);
    const TextualInversionSetting setting{denoiser, text_encoder, schedule, prompts,
                                          SamplerTimesteps(inputs_.inversion.steps, inputs_.inversion.spacing)};
    const auto problems = EncodeProblems(options_, episode_, settings_, models_, super_resolve, classes);
    TextualInversionState state = StartTextualInversion(prompts[0], CountOf(classes), options_);
    PlanMemory(setting, problems, state);
    const at::Tensor before = FixedNoiseLoss(setting, problems, options_, state.vectors).cpu();
    Optimise(setting, problems, classes, &state, writer);
    const at::Tensor after = FixedNoiseLoss(setting, problems, options_, state.vectors).cpu();
    Save(classes, state, before, after, writer, metrics);
  }

  void Optimise(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                const std::vector<int64_t>& classes, TextualInversionState* state, StageWriter& writer) const {
    std::optional<PreviewSheets> previews;
    if (options_.preview_every > 0)
      previews.emplace(PreviewSheets::Options{inputs_.preview_guidance, ModelImageSize(inputs_.super_resolve, models_)},
                       episode_, settings_, models_.LoadAutoencoder(settings_.device));
    const auto preview = [&] {
      if (!previews || state->step == 0 || state->step % options_.preview_every != 0) return;
      const std::string file = PreviewFile(state->step);
      if (!writer.Has(file)) writer.Put(file, previews->Draw(setting, classes, state->vectors));
    };
    const auto load = [&](const std::string& bytes) {
      *state = ParseWords(bytes, options_.steps);
      return state->step;
    };
    const auto save = [&] {
      RequireFinite(*state, problems, options_);
      return SerializeWords(*state);
    };
    RunResumable(writer,
                 {.name = name(),
                  .unit = "steps",
                  .total = options_.steps,
                  .checkpoint = kWordCheckpoint,
                  .load = load,
                  .save = save},
                 [&](int64_t, const AfterSteps& after_steps) {
                   preview();  // the process may have been killed between a step and its preview
                   RunTextualInversion(setting, problems, options_, state, [&](const TextualInversionState&) {
                     after_steps(1);
                     preview();
                   });
                 });
  }

  void PlanMemory(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                  const TextualInversionState& start) const {
    const int64_t samples = static_cast<int64_t>(problems.size()) * options_.batch_size;
    const int64_t asked = options_.micro_batch_size;
    TextualInversionOptions one = options_;
    one.steps = one.batch_size = 1;
    TextualInversionState state{.vectors = start.vectors.narrow(0, 0, 1).clone(),
                                .first_moment = start.first_moment.narrow(0, 0, 1).clone(),
                                .second_moment = start.second_moment.narrow(0, 0, 1).clone(),
                                .losses = start.losses.narrow(0, 0, 1).narrow(1, 0, 1).clone()};
    CheckBatchFitsMemory(settings_.device,
                         {.stage = name(),
                          .option = "--textual-inversion.micro-batch-size",
                          .unit = "samples",
                          .batch_size = asked > 0 ? std::min(asked, samples) : samples,
                          .why = asked > 0 ? "as asked" : "all of a step"},
                         [&] { RunTextualInversion(setting, {problems[0]}, one, &state); });
  }

  void Save(const std::vector<int64_t>& classes, const TextualInversionState& state, const at::Tensor& before,
            const at::Tensor& after, StageWriter& writer, Json* metrics) const {
    LossCurves curves;
    for (int64_t i = 0; i < CountOf(classes); ++i) {
      const int64_t c = classes[static_cast<size_t>(i)];
      const std::string stem = episode_.FileStem(c);
      const double loss_before = before[i].item<double>(), loss_after = after[i].item<double>();
      WriteWord(state.vectors[i], c, writer);
      curves[stem] = ToNumbers(state.losses[i]);
      (*metrics)["classes"].push_back(
          {{"class", stem}, {"fixed_noise_loss_before", loss_before}, {"fixed_noise_loss_after", loss_after}});
      if (loss_after >= loss_before)
        spdlog::warn("textual-inversion: the loss of class {} did not fall ({} -> {})", stem, loss_before, loss_after);
    }
    WriteLossCurves(curves, writer);
  }

  const TextualInversionInputs inputs_;
  const TextualInversionOptions& options_;
};

}  // namespace

std::unique_ptr<Stage> MakeTextualInversionStage(const TextualInversionInputs& inputs, const RunEpisode& episode,
                                                 const RunSettings& settings, const ModelSet& models) {
  return std::make_unique<TextualInversionStage>(inputs, episode, settings, models);
}

}  // namespace tint

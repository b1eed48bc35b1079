// textual-inversion: one learned word per class, from all of its upscaled photos. docs/method.md, Textual inversion.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <optional>

#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/diffusion/denoise.h"
#include "tint/image/contact_sheet.h"
#include "tint/image/image.h"
#include "tint/inversion/embedding_file.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/memory_plan.h"
#include "tint/stages/stage_images.h"
#include "tint/stages/textual_inversion_latents.h"
#include "tint/tensor/random.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 2;
constexpr char kCheckpoint[] = "state.safetensors";

std::string SerializeState(const TextualInversionState& state) {
  return SerializeSafetensors({{"vectors", state.vectors},
                               {"first_moment", state.first_moment},
                               {"second_moment", state.second_moment},
                               {"losses", state.losses}},
                              {{"step", std::to_string(state.step)}});
}

// The step is written as metadata for people and as the number of finished losses for us: unfinished ones are NaN.
TextualInversionState ParseState(const std::string& bytes, int64_t steps) {
  const NamedTensors tensors = ParseSafetensors(bytes, kCheckpoint);
  TextualInversionState state;
  state.vectors = RequireTensor(tensors, "vectors", {-1, -1, -1}, at::kFloat, kCheckpoint);
  state.first_moment = RequireTensor(tensors, "first_moment", state.vectors.sizes(), at::kFloat, kCheckpoint);
  state.second_moment = RequireTensor(tensors, "second_moment", state.vectors.sizes(), at::kFloat, kCheckpoint);
  state.losses = tensors.at("losses");
  TINT_CHECK_EQ(state.losses.size(1), steps);
  state.step = steps - state.losses[0].isnan().sum().item<int64_t>();
  return state;
}

Json Numbers(const at::Tensor& values) {
  Json json = Json::array();
  const at::Tensor flat = values.to(at::kDouble).contiguous();
  for (int64_t i = 0; i < flat.numel(); ++i) json.push_back(flat.const_data_ptr<double>()[i]);
  return json;
}

// Images of what the words mean so far: the same noise each time, so that sheets can be compared.
class PreviewSheets {
 public:
  PreviewSheets(const StageContext& context, const TextualInversionSetting& setting,
                const std::vector<int64_t>& classes)
      : context_(context), setting_(setting), classes_(classes) {
    if (context.options().textual_inversion.preview_every > 0)
      autoencoder_.emplace(context.models().LoadAutoencoder(context.device()));
  }

  static std::string FileAt(int64_t step) {
    const std::string number = std::to_string(step);
    return "preview-" + std::string(7 - std::min<size_t>(7, number.size()), '0') + number + ".png";
  }

  // vectors [P, n, D] -> a contact sheet, one row a class.
  std::string Draw(const at::Tensor& vectors) const {
    c10::NoGradGuard no_grad;
    const at::Tensor empty = setting_.prompts[0].EmptyContext(setting_.text_encoder);
    std::vector<ContactRow> rows;
    for (size_t i = 0; i < classes_.size(); ++i) {
      const at::Tensor context =
          setting_.prompts[0].Context(setting_.text_encoder, vectors.narrow(0, static_cast<int64_t>(i), 1));
      const Conditioning conditioning{empty.expand({kImages, -1, -1}), context.expand({kImages, -1, -1})};
      const at::Tensor clean = Denoise(
          setting_.denoiser, setting_.schedule, Noise(classes_[i]),
          {.guidance = context_.options().generate.guidance, .timesteps = setting_.sampler_timesteps},
          [&](int64_t, const at::Tensor&) { return conditioning; },
          [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); });
      ContactRow row{context_.task().classes[static_cast<size_t>(classes_[i])].name, {}};
      for (int64_t k = 0; k < kImages; ++k)
        row.images.push_back(ToBytes(autoencoder_->Decode(clean.narrow(0, k, 1)).nan_to_num(0).cpu())[0]);
      rows.push_back(std::move(row));
    }
    return MakeContactSheet(rows);
  }

 private:
  static constexpr int64_t kImages = 4;

  at::Tensor Noise(int64_t class_idx) const {
    const DenoiserConfig& facts = setting_.denoiser.facts();
    const int64_t side = ModelImageSize(context_) / autoencoder_->facts().spatial_factor;
    std::vector<at::Tensor> noise;
    for (int64_t k = 0; k < kImages; ++k) {
      RandomStream stream({context_.seed(), "textual-inversion/preview", context_.NewKey("", 0, {}).episode_idx,
                           static_cast<uint64_t>(class_idx), static_cast<uint64_t>(k)});
      noise.push_back(stream.Normal({facts.latent_channels, side, side}));
    }
    return at::stack(noise).to(context_.device());
  }

  const StageContext& context_;
  const TextualInversionSetting& setting_;
  const std::vector<int64_t>& classes_;
  std::optional<Autoencoder> autoencoder_;
};

// Everything a step needs, loaded once.
struct Models {
  Denoiser denoiser;
  TextEncoder text_encoder;
  NoiseSchedule schedule;
  std::vector<PromptTemplate> prompts;

  explicit Models(const StageContext& context)
      // Gradients and the optimiser's small steps need float32 whatever the other stages compute in.
      : denoiser(context.models().LoadDenoiser(context.device(), at::kFloat)),
        text_encoder(context.models().LoadTextEncoder(context.device(), at::kFloat)),
        prompts(MakePrompts(context, text_encoder)) {}

  TextualInversionSetting Setting(const StageContext& context) const {
    const NullTextOptions& sampler = context.options().null_text;
    return {denoiser, text_encoder, schedule, prompts, SamplerTimesteps(sampler.steps, sampler.spacing)};
  }
};

std::vector<int64_t> ClassesToLearn(const StageContext& context, const std::map<int64_t, ImportedWord>& imported) {
  std::vector<int64_t> classes;
  for (int64_t c = 0; c < context.ways(); ++c) {
    if (imported.count(c) == 0) classes.push_back(c);
  }
  return classes;
}

class TextualInversionStage : public Stage {
 public:
  std::string name() const override { return "textual-inversion"; }
  std::vector<std::string> needs(const StageContext&) const override { return {"super-resolve"}; }
  std::vector<std::string> roles(const StageContext&) const override {
    return {"denoiser", "autoencoder", "text_encoder", "tokenizer"};
  }

  void Check(const StageContext& context) const override {
    Stage::Check(context);
    ReadImportedWords(context);
    const TextEncoder text_encoder = context.models().LoadTextEncoder(c10::Device(c10::kCPU), at::kFloat);
    StartTextualInversion(MakePrompts(context, text_encoder).front(), 1, context.options().textual_inversion);
  }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    TextualInversionOptions options = context.options().textual_inversion;
    OptionList list;
    options.Declare(list);
    const std::map<int64_t, ImportedWord> imported = ReadImportedWords(context);
    const bool learns = static_cast<int64_t>(imported.size()) < context.ways();
    StageKey key = context.NewKey(name(), kVersion, learns ? list.KeyValues() : Json{{"prompt", options.prompt}});
    key.dtype = "float32";
    for (const auto& [class_idx, word] : imported)
      key.inputs["embedding of " + context.ArtifactName(class_idx)] = word.file_sha256;
    if (!learns) return key;
    if (!options.templates.empty()) key.inputs["templates"] = TemplatesSha256(context);
    if (options.exact_timesteps || options.preview_every > 0) {
      key.options["sampler steps"] = context.options().null_text.steps;
      key.options["sampler spacing"] = context.options().null_text.spacing;
    }
    if (options.preview_every > 0) key.options["preview guidance"] = context.options().generate.guidance;
    key.inputs["super-resolve"] = earlier.at("super-resolve").content_sha256();
    for (const std::string& role : roles(context)) key.models[role] = context.models().Require(role).KeySha256();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const TextualInversionOptions& options = context.options().textual_inversion;
    const auto classes = static_cast<double>(ClassesToLearn(context, ReadImportedWords(context)).size());
    // Forward, and backward to the context alone: 803 + 909 GFLOP for Stable Diffusion 1.5.
    const double sample = 2.13 * FlopPerSample(context, "denoiser") + 3 * FlopPerSample(context, "text_encoder");
    return {.flop = classes * static_cast<double>(options.steps * options.batch_size) * sample,
            .disk_bytes = static_cast<uint64_t>(context.ways()) * 8192,
            .note = ""};
  }

  bool OnlyImports(const StageContext& context) const override {
    return static_cast<int64_t>(ReadImportedWords(context).size()) == context.ways();
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    const std::map<int64_t, ImportedWord> imported = ReadImportedWords(context);
    const std::vector<int64_t> classes = ClassesToLearn(context, imported);
    Json metrics = {{"classes", Json::array()}};
    const std::string placeholder = PlaceholderOf(context.options().textual_inversion.prompt);
    for (const auto& [class_idx, word] : imported) {
      writer.Put(ClassFile(context, class_idx), WriteEmbedding(word.vectors, placeholder, "diffusers"));
      metrics["classes"].push_back(
          {{"class", context.ArtifactName(class_idx)}, {"embedding_sha256", word.file_sha256}});
    }
    if (!classes.empty()) Learn(context, earlier.at("super-resolve"), classes, writer, &metrics);
    return metrics;
  }

 private:
  static void Learn(const StageContext& context, const CompletedStage& super_resolve,
                    const std::vector<int64_t>& classes, StageWriter& writer, Json* metrics) {
    const TextualInversionOptions& options = context.options().textual_inversion;
    const Models models(context);
    const TextualInversionSetting setting = models.Setting(context);
    const auto problems = EncodeProblems(context, super_resolve, classes);
    TextualInversionState state = StartTextualInversion(models.prompts[0], Count(classes), options);
    PlanMemory(context, setting, problems, state);
    const at::Tensor before = FixedNoiseLoss(setting, problems, options, state.vectors).cpu();
    if (const auto saved = writer.LoadCheckpoint(kCheckpoint)) {
      state = ParseState(*saved, options.steps);
      spdlog::info("textual-inversion: resuming at step {}", state.step);
    }
    const PreviewSheets previews(context, setting, classes);
    const auto preview = [&](const TextualInversionState& now) {
      if (options.preview_every == 0 || now.step == 0 || now.step % options.preview_every != 0) return;
      const std::string file = PreviewSheets::FileAt(now.step);
      if (!writer.Has(file)) writer.Put(file, previews.Draw(now.vectors));
    };
    preview(state);  // a kill may have come between a step and its preview
    Progress progress("textual-inversion", "steps", options.steps);
    progress.StartFrom(state.step);
    RunTextualInversion(setting, problems, options, &state, [&](const TextualInversionState& now) {
      progress.Advance();
      if (StopRequested() || writer.CheckpointDue()) {
        RequireFinite(now, problems, options);
        writer.SaveCheckpoint(kCheckpoint, SerializeState(now));
      }
      ThrowIfStopRequested();
      preview(now);
    });
    const at::Tensor after = FixedNoiseLoss(setting, problems, options, state.vectors).cpu();
    Save(context, classes, state, before, after, writer, metrics);
  }

  static int64_t Count(const std::vector<int64_t>& classes) { return static_cast<int64_t>(classes.size()); }

  static void PlanMemory(const StageContext& context, const TextualInversionSetting& setting,
                         const std::vector<TextualInversionProblem>& problems, const TextualInversionState& start) {
    const TextualInversionOptions& options = context.options().textual_inversion;
    const int64_t samples = static_cast<int64_t>(problems.size()) * options.batch_size;
    TextualInversionOptions one = options;
    one.steps = one.batch_size = 1;
    TextualInversionState state{.vectors = start.vectors.narrow(0, 0, 1).clone(),
                                .first_moment = start.first_moment.narrow(0, 0, 1).clone(),
                                .second_moment = start.second_moment.narrow(0, 0, 1).clone(),
                                .losses = start.losses.narrow(0, 0, 1).narrow(1, 0, 1).clone()};
    CheckBatchFitsMemory(
        context.device(),
        {.stage = "textual-inversion",
         .option = "--textual-inversion.micro-batch-size",
         .unit = "samples",
         .batch_size = options.micro_batch_size > 0 ? std::min(options.micro_batch_size, samples) : samples,
         .why = options.micro_batch_size > 0 ? "as asked" : "all of a step"},
        [&] { RunTextualInversion(setting, {problems[0]}, one, &state); });
  }

  static void Save(const StageContext& context, const std::vector<int64_t>& classes, const TextualInversionState& state,
                   const at::Tensor& before, const at::Tensor& after, StageWriter& writer, Json* metrics) {
    const std::string placeholder = PlaceholderOf(context.options().textual_inversion.prompt);
    Json curves = Json::object();
    for (int64_t i = 0; i < Count(classes); ++i) {
      const int64_t c = classes[static_cast<size_t>(i)];
      writer.Put(ClassFile(context, c), WriteEmbedding(state.vectors[i], placeholder, "diffusers"));
      curves[context.ArtifactName(c)] = Numbers(state.losses[i].cpu());
      (*metrics)["classes"].push_back({{"class", context.ArtifactName(c)},
                                       {"fixed_noise_loss_before", before[i].item<double>()},
                                       {"fixed_noise_loss_after", after[i].item<double>()}});
      if (after[i].item<double>() >= before[i].item<double>())
        spdlog::warn("textual-inversion: the loss of class {} did not fall ({} -> {})", context.ArtifactName(c),
                     before[i].item<double>(), after[i].item<double>());
    }
    writer.Put("loss.json", CanonicalJson(curves) + "\n");
  }
};

}  // namespace

std::unique_ptr<Stage> MakeTextualInversionStage() { return std::make_unique<TextualInversionStage>(); }

}  // namespace tint

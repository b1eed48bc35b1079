// null-text-inversion: every photo's noise path and the embeddings that lead back along it. method.md S4, S9.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/pictures.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 1;

std::string SerializeState(const NullTextState& state) {
  return SerializeSafetensors({{"path", at::stack(state.path)},
                               {"latents", state.latents},
                               {"current", state.current},
                               {"unconditional", state.unconditional},
                               {"loss", state.loss},
                               {"initial_loss", state.initial_loss},
                               {"inner_steps", state.inner_steps},
                               {"step_idx", at::tensor({state.step_idx})}});
}

NullTextState ParseState(const std::string& bytes, const std::string& file, const c10::Device& device) {
  const NamedTensors tensors = ParseSafetensors(bytes, file);
  NullTextState state;
  state.path = tensors.at("path").to(device).unbind(0);
  state.latents = tensors.at("latents").to(device);
  state.current = tensors.at("current").to(device);
  state.unconditional = tensors.at("unconditional").to(device);
  state.loss = tensors.at("loss").to(device);
  state.initial_loss = tensors.at("initial_loss").to(device);
  state.inner_steps = tensors.at("inner_steps").to(device);
  state.step_idx = tensors.at("step_idx").item<int64_t>();
  return state;
}

struct Models {
  Denoiser denoiser;
  TextEncoder text_encoder;
  Autoencoder autoencoder;
  PromptTemplate prompt;
};

class NullTextInversionStage : public Stage {
 public:
  std::string name() const override { return "null-text-inversion"; }
  std::vector<std::string> needs() const override { return {"super-resolve", "textual-inversion"}; }
  std::vector<std::string> roles() const override { return {"denoiser", "autoencoder", "text_encoder", "tokenizer"}; }

  void Check(const StageContext& context) const override {
    Stage::Check(context);
    SamplerTimesteps(context.options().null_text.steps, context.options().null_text.spacing);
  }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    NullTextOptions options = context.options().null_text;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    values["prompt"] = context.options().textual_inversion.prompt;
    StageKey key = context.NewKey(name(), kVersion, values);
    key.dtype = "float32";
    for (const std::string& need : needs()) key.inputs[need] = earlier.at(need).content_sha256();
    for (const std::string& role : roles()) key.models[role] = context.models().Require(role).KeySha256();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    const NullTextOptions& options = context.options().null_text;
    double photos = 0;
    for (const TaskClass& task_class : context.task().classes) photos += static_cast<double>(task_class.support.size());
    const double steps = static_cast<double>(options.steps), inner = static_cast<double>(options.inner_steps);
    const double forward = FlopPerSample(context, "denoiser");
    uint64_t embedding_bytes = 0;
    if (context.models().Has("denoiser")) {
      const DenoiserFacts facts = context.models().ReadDenoiserFacts();
      embedding_bytes = static_cast<uint64_t>(facts.context_length * facts.context_width * 4);
    }
    return {.flop = photos * steps * ((3 + inner) * forward + inner * 1.13 * forward),
            .disk_bytes = static_cast<uint64_t>(photos * steps) * embedding_bytes,
            .note = "at most: photos stop early"};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    // In float32 whatever the other stages compute in: in half precision the gradient, about 1e-7, is lost.
    TextEncoder text_encoder = context.models().LoadTextEncoder(context.device(), at::kFloat);
    PromptTemplate prompt = MakePrompt(context, text_encoder);
    const Models models{context.models().LoadDenoiser(context.device(), at::kFloat), std::move(text_encoder),
                        context.models().LoadAutoencoder(context.device()), std::move(prompt)};
    Progress progress(name(), "timesteps", context.ways() * context.options().null_text.steps);
    Json metrics = {{"classes", Json::array()}};
    for (int64_t c = 0; c < context.ways(); ++c) {
      const std::string file = ClassFile(context, c);
      if (writer.Has(file)) {
        progress.Advance(context.options().null_text.steps);
      } else {
        InvertClass(context, earlier, models, c, writer, &progress);
      }
      metrics["classes"].push_back(
          ClassMetrics(context, ParseSafetensors(writer.Read(file), file, {.max_header_bytes = 1 << 20}), c));
    }
    return metrics;
  }

 private:
  static void InvertClass(const StageContext& context, const StageResults& earlier, const Models& models,
                          int64_t class_idx, StageWriter& writer, Progress* progress) {
    const NullTextOptions& options = context.options().null_text;
    const std::string checkpoint = "class-" + std::to_string(class_idx) + ".safetensors";
    const NoiseSchedule schedule;
    c10::NoGradGuard no_grad;
    const at::Tensor learned =
        ReadLearnedVectors(context, earlier.at("textual-inversion"), class_idx).unsqueeze(0).to(context.device());
    const at::Tensor prompt_context = models.prompt.Context(models.text_encoder, learned);
    NullTextState state;
    if (const auto saved = writer.LoadCheckpoint(checkpoint)) {
      state = ParseState(*saved, checkpoint, context.device());
      spdlog::info("null-text-inversion: class {} goes on after timestep {}", context.ArtifactName(class_idx),
                   state.step_idx);
    } else {
      const at::Tensor start =
          EncodeUpscaled(context, earlier.at("super-resolve"), models.autoencoder, class_idx).to(context.device());
      state = StartNullText(models.denoiser, schedule, start, prompt_context,
                            models.prompt.EmptyContext(models.text_encoder), options, ThrowIfStopRequested);
    }
    progress->Advance(state.step_idx);
    RunNullText(models.denoiser, schedule, prompt_context, options, &state, [&](const NullTextState& now) {
      progress->Advance();
      if (StopRequested() || writer.CheckpointDue()) writer.SaveCheckpoint(checkpoint, SerializeState(now));
      ThrowIfStopRequested();
    });
    Save(context, state, class_idx, writer);
    writer.DropCheckpoint(checkpoint);
  }

  static void Save(const StageContext& context, const NullTextState& state, int64_t class_idx, StageWriter& writer) {
    const NullTextOptions& options = context.options().null_text;
    CheckFinite(state.unconditional, "null-text embeddings of class " + context.ArtifactName(class_idx));
    CheckFinite(state.path.back(), "inverted latents of class " + context.ArtifactName(class_idx));
    writer.Put(ClassFile(context, class_idx),
               SerializeSafetensors({{"latents", state.path.back()},
                                     {"unconditional", state.unconditional},
                                     {"timesteps", at::tensor(SamplerTimesteps(options.steps, options.spacing))},
                                     {"start", state.path.front()},
                                     {"loss", state.loss},
                                     {"initial_loss", state.initial_loss},
                                     {"inner_steps", state.inner_steps}}));
  }

  static Json ClassMetrics(const StageContext& context, const NamedTensors& tensors, int64_t class_idx) {
    return {{"class", context.ArtifactName(class_idx)},
            {"mean_loss_before", tensors.at("initial_loss").mean().item<double>()},
            {"mean_loss_after", tensors.at("loss").mean().item<double>()},
            {"inner_steps", tensors.at("inner_steps").sum().item<int64_t>()}};
  }
};

}  // namespace

std::unique_ptr<Stage> MakeNullTextInversionStage() { return std::make_unique<NullTextInversionStage>(); }

}  // namespace tint

// textual-inversion: one learned word per class, from all of its upscaled photos. method.md S7.

#include <ATen/ATen.h>

#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/pictures.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 1;
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

class TextualInversionStage : public Stage {
 public:
  std::string name() const override { return "textual-inversion"; }
  std::vector<std::string> needs() const override { return {"super-resolve"}; }
  std::vector<std::string> roles() const override { return {"denoiser", "autoencoder", "text_encoder", "tokenizer"}; }

  void Check(const StageContext& context) const override {
    Stage::Check(context);
    const TextEncoder text_encoder = context.models().LoadTextEncoder(c10::Device(c10::kCPU), at::kFloat);
    StartTextualInversion(MakePrompt(context, text_encoder), 1, context.options().textual_inversion);
  }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    TextualInversionOptions options = context.options().textual_inversion;
    OptionList list;
    options.Declare(list);
    StageKey key = context.NewKey(name(), kVersion, list.KeyValues());
    key.dtype = "float32";
    key.inputs["super-resolve"] = earlier.at("super-resolve").content_sha256();
    for (const std::string& role : roles()) key.models[role] = context.models().Require(role).KeySha256();
    return key;
  }

  StageEstimate Estimate(const StageContext& context) const override {
    // Forward, and backward to the context alone: 803 + 909 GFLOP for Stable Diffusion 1.5.
    const double step = 2.13 * FlopPerSample(context, "denoiser") + 3 * FlopPerSample(context, "text_encoder");
    return {.flop = static_cast<double>(context.ways() * context.options().textual_inversion.steps) * step,
            .disk_bytes = static_cast<uint64_t>(context.ways()) * 8192,
            .note = ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    const TextualInversionOptions& options = context.options().textual_inversion;
    // Gradients and the optimiser's small steps need float32 whatever the other stages compute in (method.md S7).
    const Denoiser denoiser = context.models().LoadDenoiser(context.device(), at::kFloat);
    const TextEncoder text_encoder = context.models().LoadTextEncoder(context.device(), at::kFloat);
    const PromptTemplate prompt = MakePrompt(context, text_encoder);
    const NoiseSchedule schedule;
    const auto problems = MakeProblems(context, earlier.at("super-resolve"));

    TextualInversionState state = StartTextualInversion(prompt, context.ways(), options);
    const at::Tensor before =
        FixedNoiseLoss(denoiser, text_encoder, schedule, prompt, problems, options, state.vectors).cpu();
    if (const auto saved = writer.LoadCheckpoint(kCheckpoint)) {
      state = ParseState(*saved, options.steps);
      spdlog::info("{}: goes on after step {}", name(), state.step);
    }
    Progress progress(name(), "steps", options.steps);
    progress.Advance(state.step);
    RunTextualInversion(denoiser, text_encoder, schedule, prompt, problems, options, &state,
                        [&](const TextualInversionState& now) {
                          progress.Advance();
                          if (StopRequested() || writer.CheckpointDue())
                            writer.SaveCheckpoint(kCheckpoint, SerializeState(now));
                          ThrowIfStopRequested();
                        });
    const at::Tensor after =
        FixedNoiseLoss(denoiser, text_encoder, schedule, prompt, problems, options, state.vectors).cpu();
    return Save(context, state, before, after, writer);
  }

 private:
  static std::vector<TextualInversionProblem> MakeProblems(const StageContext& context,
                                                           const CompletedStage& super_resolve) {
    const Autoencoder autoencoder = context.models().LoadAutoencoder(context.device());
    std::vector<TextualInversionProblem> problems;
    for (int64_t c = 0; c < context.ways(); ++c) {
      problems.push_back({.latents = EncodeUpscaled(context, super_resolve, autoencoder, c).to(context.device()),
                          .seed = context.seed(),
                          .episode_idx = context.NewKey("", 0, {}).episode_idx,
                          .class_idx = static_cast<uint64_t>(c)});
    }
    return problems;
  }

  static Json Save(const StageContext& context, const TextualInversionState& state, const at::Tensor& before,
                   const at::Tensor& after, StageWriter& writer) {
    const std::string placeholder = PlaceholderOf(context.options().textual_inversion.prompt);
    Json curves = Json::object();
    Json metrics = {{"classes", Json::array()}};
    for (int64_t c = 0; c < context.ways(); ++c) {
      writer.Put(ClassFile(context, c), SerializeSafetensors({{placeholder, state.vectors[c].to(at::kFloat).cpu()}}));
      curves[context.ArtifactName(c)] = Numbers(state.losses[c].cpu());
      metrics["classes"].push_back({{"class", context.ArtifactName(c)},
                                    {"fixed_noise_loss_before", before[c].item<double>()},
                                    {"fixed_noise_loss_after", after[c].item<double>()}});
      if (after[c].item<double>() >= before[c].item<double>())
        spdlog::warn("textual-inversion: the loss of class {} did not fall ({} -> {})", context.ArtifactName(c),
                     before[c].item<double>(), after[c].item<double>());
    }
    writer.Put("loss.json", CanonicalJson(curves) + "\n");
    return metrics;
  }
};

}  // namespace

std::unique_ptr<Stage> MakeTextualInversionStage() { return std::make_unique<TextualInversionStage>(); }

}  // namespace tint

// null-text-inversion: every photo's noise path and the embeddings that lead back along it. docs/method.md, Null-text
// inversion.

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <functional>
#include <map>

#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/image/contact_sheet.h"
#include "tint/stages/imported_inversion.h"
#include "tint/stages/learned_word.h"
#include "tint/stages/memory_plan.h"
#include "tint/stages/reconstruction.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 2;

// The checkpoint holds the state's tensors under these names.
std::map<std::string, at::Tensor*> Parts(NullTextState* state) {
  return {{"latents", &state->latents},
          {"current", &state->current},
          {"first_moment", &state->first_moment},
          {"second_moment", &state->second_moment},
          {"unconditional", &state->unconditional},
          {"loss", &state->loss},
          {"initial_loss", &state->initial_loss},
          {"inner_steps", &state->inner_steps}};
}

std::string SerializeState(NullTextState state) {
  NamedTensors tensors{{"path", at::stack(state.path)}, {"progress", at::tensor({state.step_idx, state.passes})}};
  for (const auto& [name, tensor] : Parts(&state)) tensors[name] = *tensor;
  return SerializeSafetensors(tensors);
}

NullTextState ParseState(const std::string& bytes, const std::string& file, const c10::Device& device) {
  const NamedTensors tensors = ParseSafetensors(bytes, file);
  NullTextState state;
  for (const auto& [name, tensor] : Parts(&state)) *tensor = tensors.at(name).to(device);
  state.path = tensors.at("path").to(device).unbind(0);
  state.step_idx = tensors.at("progress")[0].item<int64_t>();
  state.passes = tensors.at("progress")[1].item<int64_t>();
  return state;
}

// What is known of the photos once all are inverted, in the order of the episode.
struct Inverted {
  at::Tensor latents, start, end;              // [K, C, h, w] noise end, encoded photo, where the guided walk arrived
  at::Tensor unconditional;                    // [K, N, L, F]
  at::Tensor loss, initial_loss, inner_steps;  // [K, N]; undefined where they were inverted elsewhere
};

Inverted Gather(const std::vector<NullTextState>& states) {
  const auto all = [&](const std::function<at::Tensor(const NullTextState&)>& part) {
    std::vector<at::Tensor> parts;
    for (const NullTextState& state : states) parts.push_back(part(state).cpu());
    return at::cat(parts);
  };
  return {.latents = all([](const NullTextState& s) { return s.path.back(); }),
          .start = all([](const NullTextState& s) { return s.path.front(); }),
          .end = all([](const NullTextState& s) { return s.latents; }),
          .unconditional = all([](const NullTextState& s) { return s.unconditional; }),
          .loss = all([](const NullTextState& s) { return s.loss; }),
          .initial_loss = all([](const NullTextState& s) { return s.initial_loss; }),
          .inner_steps = all([](const NullTextState& s) { return s.inner_steps; })};
}

class NullTextInversionStage : public Stage {
 public:
  std::string name() const override { return "null-text-inversion"; }
  std::vector<std::string> needs(const StageContext&) const override { return {"super-resolve", "textual-inversion"}; }
  std::vector<std::string> roles(const StageContext&) const override {
    return {"denoiser", "autoencoder", "text_encoder", "tokenizer"};
  }

  void Check(const StageContext& context) const override {
    Stage::Check(context);
    CheckNullTextOptions(context.options().null_text);
  }

  StageKey Key(const StageContext& context, const StageResults& earlier) const override {
    NullTextOptions options = context.options().null_text;
    OptionList list;
    options.Declare(list);
    Json values = list.KeyValues();
    values["prompt"] = context.options().textual_inversion.prompt;
    StageKey key = context.NewKey(name(), kVersion, values);
    key.dtype = "float32";
    for (const std::string& need : needs(context)) key.inputs[need] = earlier.at(need).content_sha256();
    for (const auto& [class_idx, imported] : ReadImportedInversions(context))
      key.inputs["inverted " + std::to_string(class_idx)] = imported.file_sha256;
    for (const std::string& role : roles(context)) key.models[role] = context.models().Require(role).KeySha256();
    return key;
  }

  bool OnlyImports(const StageContext& context) const override { return !context.options().null_text.inverted.empty(); }

  StageEstimate Estimate(const StageContext& context) const override {
    const NullTextOptions& options = context.options().null_text;
    const auto photos = static_cast<double>(Photos(context));
    const bool optimises = options.method == "null-text" || options.method == "global";
    const double steps = static_cast<double>(options.steps);
    const double inner = optimises ? static_cast<double>(options.inner_steps) : 0;
    const double forward = FlopPerSample(context, "denoiser");
    const double forwards = OnlyImports(context) ? 2 : 3 + inner * 2.13;
    uint64_t embedding_bytes = 0;
    if (context.models().Has("denoiser")) {
      const DenoiserConfig facts = context.models().ReadDenoiserConfig();
      embedding_bytes = static_cast<uint64_t>(facts.context_length * facts.context_width * 4);
    }
    return {.flop = photos * steps * forwards * forward,
            // Twice: the result, and the last checkpoint beside it.
            .disk_bytes = 2 * static_cast<uint64_t>(photos * steps) * embedding_bytes,
            .note = optimises && !OnlyImports(context) ? "at most: photos stop early" : ""};
  }

  Json Run(const StageContext& context, const StageResults& earlier, StageWriter& writer) const override {
    c10::NoGradGuard no_grad;
    const Autoencoder autoencoder = context.models().LoadAutoencoder(context.device());
    const auto imported = ReadImportedInversions(context);
    const Inverted inverted = imported.empty() ? Gather(InvertAll(context, earlier, autoencoder, writer))
                                               : TakeOver(context, earlier, autoencoder, imported);
    Json metrics = {{"classes", Json::array()}};
    std::vector<ContactRow> sheet;
    int64_t first = 0;
    for (int64_t c = 0; c < context.ways(); ++c) {
      const auto photos = static_cast<int64_t>(context.task().classes[static_cast<size_t>(c)].support.size());
      const auto fidelity = CompareReconstructions(context, earlier.at("super-resolve"), autoencoder, c,
                                                   inverted.start.narrow(0, first, photos),
                                                   inverted.end.narrow(0, first, photos), &sheet);
      metrics["classes"].push_back(SaveClass(context, inverted, c, first, photos, fidelity, writer));
      first += photos;
    }
    writer.Put("contact.png", MakeContactSheet(sheet));
    for (const std::string& checkpoint : Checkpoints(context)) writer.DropCheckpoint(checkpoint);
    return metrics;
  }

 private:
  static int64_t Photos(const StageContext& context) {
    int64_t photos = 0;
    for (const TaskClass& task_class : context.task().classes)
      photos += static_cast<int64_t>(task_class.support.size());
    return photos;
  }

  static int64_t BatchSize(const StageContext& context) {
    const int64_t asked = context.options().null_text.batch_size, photos = Photos(context);
    return asked > 0 ? std::min(asked, photos) : photos;
  }

  static std::vector<std::string> Checkpoints(const StageContext& context) {
    std::vector<std::string> names;
    for (int64_t first = 0; first < Photos(context); first += BatchSize(context))
      names.push_back("photos-" + std::to_string(first) + ".safetensors");
    return names;
  }

  // All photos of the episode, batch after batch; a finished batch stays as its checkpoint until all are.
  static std::vector<NullTextState> InvertAll(const StageContext& context, const StageResults& earlier,
                                              const Autoencoder& autoencoder, StageWriter& writer) {
    // In float32 whatever the other stages compute in: in half precision the gradient, about 1e-7, is lost.
    const TextEncoder text_encoder = context.models().LoadTextEncoder(context.device(), at::kFloat);
    const Denoiser denoiser = context.models().LoadDenoiser(context.device(), at::kFloat);
    std::vector<at::Tensor> starts, contexts;
    for (int64_t c = 0; c < context.ways(); ++c) {
      starts.push_back(EncodeUpscaled(context, earlier.at("super-resolve"), autoencoder, c).to(context.device()));
      contexts.push_back(LearnedContext(context, text_encoder, earlier.at("textual-inversion"), c)
                             .expand({starts.back().size(0), -1, -1}));
    }
    const at::Tensor start = at::cat(starts), contexts_of_photos = at::cat(contexts);
    const at::Tensor empty = MakePrompt(context, text_encoder, 1).EmptyContext(text_encoder);
    const NullTextOptions& options = context.options().null_text;
    const bool optimises = options.inner_steps > 0 && (options.method == "null-text" || options.method == "global");
    CheckBatchFitsMemory(context.device(),
                         {.stage = "null-text-inversion",
                          .option = "--null-text-inversion.batch-size",
                          .unit = "photos",
                          .batch_size = BatchSize(context),
                          .why = options.batch_size > 0 ? "as asked" : "all of the episode"},
                         [&] { MeasureNullTextSample(denoiser, start[0], contexts_of_photos[0], optimises); });
    const int64_t passes = options.method == "global" ? options.inner_steps : 0;
    Progress progress("null-text-inversion", "timesteps",
                      static_cast<int64_t>(Checkpoints(context).size()) * (options.steps + passes));
    std::vector<NullTextState> states;
    for (const std::string& checkpoint : Checkpoints(context)) {
      const auto first = static_cast<int64_t>(states.size()) * BatchSize(context);
      const int64_t count = std::min(BatchSize(context), start.size(0) - first);
      const at::Tensor photos = start.narrow(0, first, count), context_of = contexts_of_photos.narrow(0, first, count);
      states.push_back(InvertBatch(options, denoiser, photos, context_of, empty, checkpoint, writer, &progress));
    }
    return states;
  }

  static NullTextState InvertBatch(const NullTextOptions& options, const Denoiser& denoiser, const at::Tensor& start,
                                   const at::Tensor& context, const at::Tensor& empty, const std::string& checkpoint,
                                   StageWriter& writer, Progress* progress) {
    const NoiseSchedule schedule;
    NullTextState state;
    if (const auto saved = writer.LoadCheckpoint(checkpoint)) {
      state = ParseState(*saved, checkpoint, start.device());
      spdlog::info("null-text-inversion: {} go on after timestep {}", checkpoint.substr(0, checkpoint.find('.')),
                   state.step_idx);
    } else {
      state = StartNullText(denoiser, schedule, start, context, empty, options, ThrowIfStopRequested);
    }
    progress->Advance(state.step_idx + state.passes);
    const auto finished = [&](const NullTextState& now) { return now.step_idx == options.steps; };
    if (finished(state)) return state;
    RunNullText(denoiser, schedule, context, options, &state, [&](const NullTextState& now) {
      progress->Advance();
      if (StopRequested() || finished(now) || writer.CheckpointDue())
        writer.SaveCheckpoint(checkpoint, SerializeState(now));
      ThrowIfStopRequested();
    });
    return state;
  }

  // The paths of files, walked back under the run's guidance to see how near they come to the run's photos.
  static Inverted TakeOver(const StageContext& context, const StageResults& earlier, const Autoencoder& autoencoder,
                           const std::map<int64_t, ImportedInversion>& imported) {
    const TextEncoder text_encoder = context.models().LoadTextEncoder(context.device(), at::kFloat);
    const Denoiser denoiser = context.models().LoadDenoiser(context.device(), at::kFloat);
    const NullTextOptions& options = context.options().null_text;
    std::vector<at::Tensor> latents, starts, ends, unconditional;
    for (const auto& [class_idx, inversion] : imported) {
      starts.push_back(EncodeUpscaled(context, earlier.at("super-resolve"), autoencoder, class_idx).cpu());
      if (starts.back().sizes() != inversion.latents.sizes())
        Fail(ExitCode::kBadConfiguration,
             {.field = "null-text-inversion.inverted",
              .found = "latents " + DescribeTensor(inversion.latents) + " of class " + context.ArtifactName(class_idx),
              .expected = DescribeTensor(starts.back()) + ", as the run's photos have",
              .remedy = "Give the --super-resolve.post-size they were inverted at."});
      const at::Tensor conditional = LearnedContext(context, text_encoder, earlier.at("textual-inversion"), class_idx)
                                         .expand({starts.back().size(0), -1, -1});
      const at::Tensor embeddings = inversion.unconditional.to(context.device());
      ends.push_back(
          Denoise(
              denoiser, NoiseSchedule(), inversion.latents.to(context.device()),
              {.guidance = options.inversion_guidance, .timesteps = SamplerTimesteps(options.steps, options.spacing)},
              [&](int64_t step_idx, const at::Tensor&) {
                return Conditioning{embeddings.select(1, step_idx), conditional};
              },
              [](int64_t, const at::Tensor&) { ThrowIfStopRequested(); })
              .cpu());
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

  static Json SaveClass(const StageContext& context, const Inverted& inverted, int64_t class_idx, int64_t first,
                        int64_t photos, const std::vector<Fidelity>& fidelity, StageWriter& writer) {
    const NullTextOptions& options = context.options().null_text;
    const auto part = [&](const at::Tensor& all) { return all.narrow(0, first, photos).contiguous(); };
    const std::string name = context.ArtifactName(class_idx);
    CheckFinite(part(inverted.unconditional), "null-text embeddings of class " + name);
    CheckFinite(part(inverted.latents), "inverted latents of class " + name);
    NamedTensors tensors{{"latents", part(inverted.latents)},
                         {"unconditional", part(inverted.unconditional)},
                         {"timesteps", at::tensor(SamplerTimesteps(options.steps, options.spacing))},
                         {"start", part(inverted.start)}};
    Json metrics = {{"class", name}};
    if (inverted.loss.defined()) {
      tensors["loss"] = part(inverted.loss);
      tensors["initial_loss"] = part(inverted.initial_loss);
      tensors["inner_steps"] = part(inverted.inner_steps);
      metrics["mean_loss_before"] = tensors["initial_loss"].mean().item<double>();
      metrics["mean_loss_after"] = tensors["loss"].mean().item<double>();
      metrics["inner_steps"] = tensors["inner_steps"].sum().item<int64_t>();
    }
    writer.Put(ClassFile(context, class_idx), SerializeSafetensors(tensors));
    Json psnr = Json::array(), psnr_autoencoder = Json::array();
    for (const Fidelity& one : fidelity) {
      psnr.push_back(one.reconstruction);
      psnr_autoencoder.push_back(one.round_trip);
    }
    metrics["psnr"] = psnr;
    metrics["psnr_of_autoencoder"] = psnr_autoencoder;
    return metrics;
  }
};

}  // namespace

std::unique_ptr<Stage> MakeNullTextInversionStage() { return std::make_unique<NullTextInversionStage>(); }

}  // namespace tint

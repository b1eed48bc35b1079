// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/textual_inversion.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <optional>
#include <sstream>

#include "tint/base/error.h"
#include "tint/optim/adam.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// Number of steps after which values are checked to be finite.
constexpr int64_t kCheckEvery = 50;

at::Tensor NoiseLike(RandomStream& stream, const at::Tensor& latents) {
  return stream.Normal(latents.sizes()).to(latents.options());
}

// One sample's draws.
struct Sample {
  int64_t problem = 0, prompt = 0, timestep = 0;
  at::Tensor latents, noise;  // [C, h, w]
};

// Samples stacked.
struct Draws {
  at::Tensor latents, noise;  // [S, C, h, w]
  at::Tensor timesteps;       // int64 [S]
  at::Tensor abars;           // [S, 1, 1, 1]
  std::vector<int64_t> problems, prompts;
};

// The timesteps that may be drawn, both ends included, or the sampler's of them.
int64_t DrawTimestep(const TextualInversionSetting& setting, const TextualInversionOptions& options,
                     RandomStream& stream) {
  if (!options.exact_timesteps) return stream.Integer(options.min_timestep, options.max_timestep);
  std::vector<int64_t> stops;
  for (const int64_t t : setting.sampler_timesteps) {
    if (t >= options.min_timestep && t <= options.max_timestep) stops.push_back(t);
  }
  if (stops.empty())
    Fail(ExitCode::kBadConfiguration,
         {.field = "textual-inversion.exact-timesteps",
          .found = "no timestep of the sampler in " + std::to_string(options.min_timestep) + " to " +
                   std::to_string(options.max_timestep),
          .expected = "a range that contains one"});
  return stops[static_cast<size_t>(stream.Integer(0, static_cast<int64_t>(stops.size()) - 1))];
}

// Photos in shuffled passes, so that each is used equally often. Draws that options add have separate streams: those of
// timestep and noise do not change.
Sample DrawSample(const TextualInversionSetting& setting, const TextualInversionProblem& problem,
                  const TextualInversionOptions& options, int64_t sample_idx) {
  const int64_t photos = problem.latents.size(0) / problem.versions;
  const auto open = [&](const char* name, int64_t index) {
    return RandomStream({problem.seed, name, problem.episode_idx, problem.class_idx, static_cast<uint64_t>(index)});
  };
  RandomStream order = open("textual-inversion/order", sample_idx / photos);
  const int64_t photo_idx = order.Permutation(photos)[static_cast<size_t>(sample_idx % photos)];
  RandomStream stream = open("textual-inversion", sample_idx);
  Sample sample;
  sample.timestep = DrawTimestep(setting, options, stream);
  int64_t row = photo_idx * problem.versions;
  if (problem.versions > 1) row += open("textual-inversion/version", sample_idx).Integer(0, problem.versions - 1);
  sample.latents = problem.latents[row];
  sample.noise = NoiseLike(stream, sample.latents);
  if (problem.deviation.defined()) {
    RandomStream posterior = open("textual-inversion/posterior", sample_idx);
    sample.latents = sample.latents + problem.deviation[row] * NoiseLike(posterior, sample.latents);
  }
  if (setting.prompts.size() > 1)
    sample.prompt =
        open("textual-inversion/template", sample_idx).Integer(0, static_cast<int64_t>(setting.prompts.size()) - 1);
  return sample;
}

// The samples first...first+count-1 of a step, in the order of the problems, `batch` of each.
Draws DrawMicroBatch(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                     const TextualInversionOptions& options, int64_t step, int64_t first, int64_t count) {
  Draws draws;
  std::vector<at::Tensor> latents, noise;
  std::vector<int64_t> timesteps;
  std::vector<double> abars;
  for (int64_t s = first; s < first + count; ++s) {
    const int64_t p = s / options.batch_size;
    const Sample sample = DrawSample(setting, problems[static_cast<size_t>(p)], options,
                                     step * options.batch_size + s % options.batch_size);
    latents.push_back(sample.latents);
    noise.push_back(sample.noise);
    timesteps.push_back(sample.timestep);
    abars.push_back(setting.schedule.AlphaBar(sample.timestep));
    draws.problems.push_back(p);
    draws.prompts.push_back(sample.prompt);
  }
  const c10::Device device = latents[0].device();
  draws.latents = at::stack(latents);
  draws.noise = at::stack(noise);
  draws.timesteps = at::tensor(timesteps, at::kLong).to(device);
  draws.abars = at::tensor(abars, at::kDouble).to(latents[0].options()).reshape({-1, 1, 1, 1});
  return draws;
}

// The context of each sample, [S, L, F]. Each pair of prompt and problem goes through the text encoder once.
at::Tensor SampleContexts(const TextualInversionSetting& setting, const Draws& draws, const at::Tensor& learned) {
  std::vector<at::Tensor> contexts;
  std::vector<int64_t> row_of(draws.problems.size(), -1);
  int64_t rows = 0;
  for (size_t prompt = 0; prompt < setting.prompts.size(); ++prompt) {
    std::vector<at::Tensor> words;
    int64_t last = -1;
    for (size_t s = 0; s < draws.problems.size(); ++s) {
      if (draws.prompts[s] != static_cast<int64_t>(prompt)) continue;
      if (draws.problems[s] != last) {
        words.push_back(learned[draws.problems[s]]);
        ++rows;
      }
      last = draws.problems[s];
      row_of[s] = rows - 1;
    }
    if (!words.empty()) contexts.push_back(setting.prompts[prompt].Context(setting.text_encoder, at::stack(words)));
  }
  const at::Tensor all = contexts.size() == 1 ? contexts[0] : at::cat(contexts);
  bool in_order = rows == static_cast<int64_t>(row_of.size());
  for (size_t s = 0; s < row_of.size(); ++s) in_order = in_order && row_of[s] == static_cast<int64_t>(s);
  return in_order ? all : all.index_select(0, at::tensor(row_of, at::kLong).to(all.device()));
}

struct StepResult {
  at::Tensor losses;    // [P]
  at::Tensor gradient;  // [P, n, D]
};

// The gradient of the sum over problems of each one's mean loss: no problem's vectors enter another's loss, so each has
// its gradient. Summed over micro-batches.
StepResult Step(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                const TextualInversionOptions& options, const TextualInversionState& state) {
  const auto samples = static_cast<int64_t>(problems.size()) * options.batch_size;
  const int64_t micro_batch = options.micro_batch_size == 0 ? samples : std::min(options.micro_batch_size, samples);
  StepResult result{{}, at::zeros_like(state.vectors)};
  std::vector<at::Tensor> losses;
  for (int64_t first = 0; first < samples; first += micro_batch) {
    const Draws draws =
        DrawMicroBatch(setting, problems, options, state.step, first, std::min(micro_batch, samples - first));
    const c10::AutoGradMode with_grad(true);
    const at::Tensor learned = state.vectors.detach().requires_grad_(true);
    const at::Tensor context = SampleContexts(setting, draws, learned);
    const at::Tensor loss =
        NoisePredictionLoss(setting.denoiser, draws.latents, draws.noise, draws.timesteps, draws.abars, context);
    const at::Tensor gradient =
        torch::autograd::grad({loss.sum() / static_cast<double>(options.batch_size)}, {learned})[0];
    result.gradient = micro_batch == samples ? gradient : result.gradient + gradient;
    losses.push_back(loss.detach());
  }
  result.losses = at::cat(losses).reshape({-1, options.batch_size}).mean(1);
  return result;
}

}  // namespace

at::Tensor NoisePredictionLoss(const Denoiser& denoiser, const at::Tensor& latents, const at::Tensor& noise,
                               const at::Tensor& timesteps, const at::Tensor& abars, const at::Tensor& context) {
  // 1. z_t = sqrt(abar_t) z + sqrt(1 - abar_t) n
  const at::Tensor noisy = abars.sqrt() * latents + (1 - abars).sqrt() * noise;
  // 2. L = mean((U(z_t, t, c) - n)^2), each sample for itself
  return (denoiser.PredictNoise(noisy, timesteps, context) - noise).square().mean({1, 2, 3});
}

at::Tensor TextualInversionLoss(const Denoiser& denoiser, const TextEncoder& text_encoder,
                                const NoiseSchedule& schedule, const PromptTemplate& prompt, const at::Tensor& latents,
                                const at::Tensor& noise, const at::Tensor& timesteps, const at::Tensor& learned) {
  const at::Tensor abars = at::tensor(schedule.alpha_bars(), at::kDouble)
                               .to(latents.device())
                               .index({timesteps})
                               .to(latents.dtype())
                               .reshape({-1, 1, 1, 1});
  return NoisePredictionLoss(denoiser, latents, noise, timesteps, abars, prompt.Context(text_encoder, learned));
}

at::Tensor FixedNoiseLoss(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                          const TextualInversionOptions& options, const at::Tensor& learned, int64_t draws) {
  c10::NoGradGuard no_grad;
  std::vector<at::Tensor> losses;
  for (size_t p = 0; p < problems.size(); ++p) {
    const TextualInversionProblem& problem = problems[p];
    const at::Tensor latents =
        problem.latents.slice(0, 0, std::nullopt, problem.versions);  // each photo without augmentation
    const int64_t photos = latents.size(0);
    at::Tensor sum = at::zeros({}, latents.options());
    for (int64_t draw = 0; draw < draws; ++draw) {
      RandomStream stream({problem.seed, "textual-inversion/check", problem.episode_idx, problem.class_idx,
                           static_cast<uint64_t>(draw)});
      // Evenly spread over the range, so that a few draws represent all timesteps.
      const double share = (static_cast<double>(draw) + 0.5) / static_cast<double>(draws);
      const auto timestep =
          options.min_timestep +
          static_cast<int64_t>(share * static_cast<double>(options.max_timestep - options.min_timestep));
      const at::Tensor timesteps = at::full({photos}, timestep, latents.options().dtype(at::kLong));
      const at::Tensor noise = NoiseLike(stream, latents);
      const at::Tensor rows =
          learned.narrow(0, static_cast<int64_t>(p), 1).to(latents.device()).expand({photos, -1, -1});
      sum = sum + TextualInversionLoss(setting.denoiser, setting.text_encoder, setting.schedule, setting.prompts[0],
                                       latents, noise, timesteps, rows)
                      .mean();
    }
    losses.push_back(sum / draws);
  }
  return at::stack(losses);
}

void RunTextualInversion(const TextualInversionSetting& setting, const std::vector<TextualInversionProblem>& problems,
                         const TextualInversionOptions& options, TextualInversionState* state,
                         const std::function<void(const TextualInversionState&)>& after_step) {
  TINT_CHECK_EQ(state->vectors.size(0), static_cast<int64_t>(problems.size()));
  TINT_CHECK(!setting.prompts.empty());
  const c10::Device device = problems[0].latents.device();
  for (at::Tensor* tensor : {&state->vectors, &state->first_moment, &state->second_moment, &state->losses})
    *tensor = tensor->to(device);
  const AdamOptions adam{.learning_rate = options.learning_rate,
                         .weight_decay = options.optimizer == WordOptimizer::kAdamW ? options.weight_decay : 0};
  while (state->step < options.steps) {
    const StepResult result = Step(setting, problems, options, *state);
    AdamStep(state->vectors, result.gradient, state->first_moment, state->second_moment, state->step + 1, adam);
    state->losses.select(1, state->step).copy_(result.losses);
    ++state->step;
    if (state->step % kCheckEvery == 0 || state->step == options.steps) RequireFinite(*state, problems, options);
    if (after_step) after_step(*state);
  }
}

void RequireFinite(const TextualInversionState& state, const std::vector<TextualInversionProblem>& problems,
                   const TextualInversionOptions& options) {
  const at::Tensor losses = state.losses.narrow(1, 0, state.step);
  if ((losses.sum() + state.vectors.abs().sum()).isfinite().item<bool>()) return;
  const at::Tensor finite = losses.isfinite().cpu();
  const at::Tensor vectors = state.vectors.isfinite().flatten(1).all(1).cpu();
  for (int64_t p = 0; p < losses.size(0); ++p) {
    const auto good = finite[p].to(at::kLong).cumprod(0).sum().item<int64_t>();  // steps before the first bad one
    if (good == state.step && vectors[p].item<bool>()) continue;
    std::ostringstream message;
    message << "textual-inversion: the loss of class " << problems[static_cast<size_t>(p)].class_idx
            << " or its gradient is not finite at step " << std::min(good, state.step - 1) << ", learning rate "
            << options.learning_rate << ". The last checkpoint is kept. Try a smaller learning rate.";
    Fail(ExitCode::kInternal, message.str());
  }
}

}  // namespace tint

#include "tint/inversion/textual_inversion.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <limits>
#include <sstream>

#include "tint/base/error.h"
#include "tint/base/switch_off.h"
#include "tint/inversion/adam.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// One draw of every problem, stacked.
struct Draws {
  at::Tensor latents;    // [P, C, h, w]
  at::Tensor noise;      // [P, C, h, w]
  at::Tensor timesteps;  // int64 [P]
};

at::Tensor NoiseLike(RandomStream& stream, const at::Tensor& latents) {
  return stream.Normal(latents.sizes()).to(latents.options());
}

// Photos in shuffled passes, so that each is used equally often; timestep and noise from the step's own stream.
Draws DrawStep(const std::vector<TextualInversionProblem>& problems, const TextualInversionOptions& options,
               int64_t step) {
  std::vector<at::Tensor> latents, noise;
  std::vector<int64_t> timesteps;
  for (const TextualInversionProblem& problem : problems) {
    const int64_t photos = problem.latents.size(0);
    RandomStream order({problem.seed, "textual-inversion/order", problem.episode_idx, problem.class_idx,
                        static_cast<uint64_t>(step / photos)});
    const int64_t photo_idx = order.Permutation(photos)[static_cast<size_t>(step % photos)];
    RandomStream stream(
        {problem.seed, "textual-inversion", problem.episode_idx, problem.class_idx, static_cast<uint64_t>(step)});
    timesteps.push_back(stream.Integer(options.min_timestep, options.max_timestep));
    latents.push_back(problem.latents[photo_idx]);
    noise.push_back(NoiseLike(stream, latents.back()));
  }
  return {at::stack(latents), at::stack(noise), at::tensor(timesteps, at::kLong).to(latents[0].device())};
}

// A finite loss can have a gradient that is not, and the step would carry it into the vectors: both are looked at, in
// one pass. Each step: losses go to the host anyway.
void CheckFiniteStep(const at::Tensor& losses, const at::Tensor& gradient,
                     const std::vector<TextualInversionProblem>& problems, int64_t step, double learning_rate) {
  const at::Tensor finite = (losses + gradient.abs().sum({1, 2})).isfinite().cpu();
  for (size_t p = 0; p < problems.size(); ++p) {
    if (finite[static_cast<int64_t>(p)].item<bool>()) continue;
    std::ostringstream message;
    message << "textual-inversion: the loss of class " << problems[p].class_idx
            << " or its gradient is not finite at step " << step << ", learning rate " << learning_rate
            << "; what was saved before is kept. Try a smaller learning rate, or --dtype float32.";
    Fail(ExitCode::kInternal, message.str());
  }
}

}  // namespace

void TextualInversionOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Optimiser steps.")
      .Range(1, 10000000)
      .Unit("steps")
      .Preset("smoke", 30)
      .Source("TINT section 4: 5,000; S24 row 4");
  list.Add("learning-rate", &learning_rate, "Learning rate, the same for all steps.")
      .Range(1e-12, 10)
      .Preset("smoke", 0.01)
      .Source("TINT section 4: 1e-3; S24 row 4");
  list.Add("optimizer", &optimizer, "adam, or adamw, which also decays the learned vectors.")
      .Choices({"adam", "adamw"})
      .Preset("upstream", "adamw")
      .Source("S24 row 4");
  list.Add("weight-decay", &weight_decay, "Decoupled weight decay of the learned vectors; adamw only.")
      .Range(0, 10)
      .Preset("upstream", 0.01)
      .Source("S24 row 4");
  list.Add("min-timestep", &min_timestep, "Least timestep that is drawn.").Range(0, 999).Source("S24 row 2");
  list.Add("max-timestep", &max_timestep, "Largest timestep that is drawn.").Range(0, 999).Source("S24 row 2");
  list.Add("prompt", &prompt, "Text that each photo stands for; one word of it begins with '#' and is learned.")
      .Source("S24 row 3");
  list.Add("init-word", &init_word, "Word whose vector the learned ones start from; must be one token.")
      .Source("S24 row 3");
  list.Add("vectors", &vectors, "Learned vectors of a class.").Range(1, 64).Unit("vectors").Source("TINT section 3: 1");
}

TextualInversionState StartTextualInversion(const PromptTemplate& prompt, int64_t problems,
                                            const TextualInversionOptions& options) {
  if (options.min_timestep > options.max_timestep)
    Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.min-timestep",
                                       .found = std::to_string(options.min_timestep),
                                       .expected = "at most max-timestep, " + std::to_string(options.max_timestep)});
  if (options.weight_decay > 0 && options.optimizer != "adamw")
    Fail(ExitCode::kBadConfiguration,
         {.field = "textual-inversion.weight-decay",
          .found = Json(options.weight_decay).dump() + " with optimizer " + options.optimizer,
          .expected = "0, or optimizer adamw"});
  TextualInversionState state;
  const at::Tensor initial = prompt.InitialVectors();
  state.vectors = initial.unsqueeze(0).repeat({problems, 1, 1});
  state.first_moment = at::zeros_like(state.vectors);
  state.second_moment = at::zeros_like(state.vectors);
  state.losses = at::full({problems, options.steps}, std::numeric_limits<float>::quiet_NaN(), at::kFloat);
  return state;
}

at::Tensor TextualInversionLoss(const Denoiser& denoiser, const TextEncoder& text_encoder,
                                const NoiseSchedule& schedule, const PromptTemplate& prompt, const at::Tensor& latents,
                                const at::Tensor& noise, const at::Tensor& timesteps, const at::Tensor& learned) {
  // 1. z_t = sqrt(abar_t) z + sqrt(1 - abar_t) n
  const at::Tensor abars = at::tensor(schedule.alpha_bars(), at::kDouble)
                               .to(latents.device())
                               .index({timesteps})
                               .to(latents.dtype())
                               .reshape({-1, 1, 1, 1});
  const at::Tensor noisy = abars.sqrt() * latents + (1 - abars).sqrt() * noise;
  // 2. c = text(prompt with v)
  const at::Tensor context = prompt.Context(text_encoder, learned);
  // 3. L = mean((U(z_t, t, c) - n)^2), each problem for itself
  return (denoiser.PredictNoise(noisy, timesteps, context) - noise).square().mean({1, 2, 3});
}

at::Tensor FixedNoiseLoss(const Denoiser& denoiser, const TextEncoder& text_encoder, const NoiseSchedule& schedule,
                          const PromptTemplate& prompt, const std::vector<TextualInversionProblem>& problems,
                          const TextualInversionOptions& options, const at::Tensor& learned, int64_t draws) {
  c10::NoGradGuard no_grad;
  std::vector<at::Tensor> losses;
  for (size_t p = 0; p < problems.size(); ++p) {
    const TextualInversionProblem& problem = problems[p];
    const int64_t photos = problem.latents.size(0);
    at::Tensor sum = at::zeros({}, problem.latents.options());
    for (int64_t draw = 0; draw < draws; ++draw) {
      RandomStream stream({problem.seed, "textual-inversion/check", problem.episode_idx, problem.class_idx,
                           static_cast<uint64_t>(draw)});
      // Evenly spread over the range, so that a few draws stand for all timesteps.
      const double share = (static_cast<double>(draw) + 0.5) / static_cast<double>(draws);
      const auto timestep =
          options.min_timestep +
          static_cast<int64_t>(share * static_cast<double>(options.max_timestep - options.min_timestep));
      const at::Tensor timesteps = at::full({photos}, timestep, problem.latents.options().dtype(at::kLong));
      const at::Tensor noise = NoiseLike(stream, problem.latents);
      const at::Tensor rows =
          learned.narrow(0, static_cast<int64_t>(p), 1).to(problem.latents.device()).expand({photos, -1, -1});
      sum =
          sum + TextualInversionLoss(denoiser, text_encoder, schedule, prompt, problem.latents, noise, timesteps, rows)
                    .mean();
    }
    losses.push_back(sum / draws);
  }
  return at::stack(losses);
}

void RunTextualInversion(const Denoiser& denoiser, const TextEncoder& text_encoder, const NoiseSchedule& schedule,
                         const PromptTemplate& prompt, const std::vector<TextualInversionProblem>& problems,
                         const TextualInversionOptions& options, TextualInversionState* state,
                         const std::function<void(const TextualInversionState&)>& after_step) {
  TINT_CHECK_EQ(state->vectors.size(0), static_cast<int64_t>(problems.size()));
  const c10::Device device = problems[0].latents.device();
  state->vectors = state->vectors.to(device);
  state->first_moment = state->first_moment.to(device);
  state->second_moment = state->second_moment.to(device);
  const AdamOptions adam{.learning_rate = options.learning_rate,
                         .weight_decay = options.optimizer == "adamw" ? options.weight_decay : 0};
  while (state->step < options.steps) {
    const Draws draws = DrawStep(problems, options, state->step);
    at::Tensor losses, gradient;
    {
      c10::AutoGradMode with_grad(true);
      const at::Tensor learned = state->vectors.detach().requires_grad_(true);
      losses = TextualInversionLoss(denoiser, text_encoder, schedule, prompt, draws.latents, draws.noise,
                                    draws.timesteps, learned);
      // d/dv of the sum: no problem's vector enters another's loss, so each gets its own gradient.
      gradient = torch::autograd::grad({losses.sum()}, {learned})[0];
    }
    losses = losses.detach();
    CheckFiniteStep(losses, gradient, problems, state->step, options.learning_rate);
    if (!SwitchedOff(Mathematics::kTextualInversionStep))
      AdamStep(state->vectors, gradient, state->first_moment, state->second_moment, state->step + 1, adam);
    state->losses.select(1, state->step).copy_(losses);
    ++state->step;
    if (after_step) after_step(*state);
  }
}

}  // namespace tint

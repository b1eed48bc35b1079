// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <limits>

#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/inversion/textual_inversion.h"

namespace tint {

void TextualInversionOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Number of optimiser steps.")
      .Range(1, 10000000)
      .Unit("steps")
      .Preset("smoke", 30)
      .Source("paper section 4: 5,000");
  list.Add("learning-rate", &learning_rate, "Learning rate (constant).")
      .Range(1e-12, 10)
      .Preset("smoke", 0.01)
      .Source("paper section 4: 1e-3");
  list.Add("optimizer", &optimizer, "Optimiser.")
      .Preset("upstream", "adamw")
      .Source("paper section 4; upstream: the paper's released code");
  list.Add("weight-decay", &weight_decay, "Decoupled weight decay of the learned vectors (adamw only).")
      .Range(0, 10)
      .Preset("upstream", 0.01)
      .Source("paper section 4: none; upstream: the paper's released code");
  list.Add("min-timestep", &min_timestep, "Minimum timestep to draw.")
      .Range(0, 999)
      .Source("the paper's released code: 250");
  list.Add("max-timestep", &max_timestep, "Maximum timestep to draw.")
      .Range(0, 999)
      .Source("the paper's released code: 999");
  list.Add("exact-timesteps", &exact_timesteps, "Draw only timesteps that the sampler visits.")
      .Source("the paper's released code");
  list.Add("batch-size", &batch_size, "Number of photos of a class per step.")
      .Range(1, 4096)
      .Unit("photos")
      .Source("the paper's released code: 1");
  list.Add("micro-batch-size", &micro_batch_size,
           "Number of samples (classes x batch size) per forward and backward pass; 0: all of a step. "
           "Smaller micro-batches need less memory; results agree up to rounding.")
      .Range(0, 100000)
      .Unit("samples");
  list.Add("latents", &latents,
           "Latent of a photo: the mean of the autoencoder's posterior, or a new sample of it in each step.")
      .Source("the paper's released code: mean");
  list.Add("augmentation", &augmentation,
           "flip: random horizontal flips; full: also random crops, brightness, contrast and saturation.")
      .Source("the paper's released code: none");
  list.Add("augmented-copies", &augmented_copies, "Number of augmented copies of each photo, with --augmentation full.")
      .Range(2, 1000)
      .Unit("copies");
  list.Add("prompt", &prompt, "Prompt of the photos; the word that begins with '#' is learned.")
      .Source("paper section 3");
  list.Add("init-word", &init_word, "Word whose embedding initialises the learned vectors; must be a single token.")
      .Source("paper section 3");
  list.Add("vectors", &vectors, "Number of learned vectors per class.")
      .Range(1, 64)
      .Unit("vectors")
      .Source("paper section 3: 1");
  list.Add("templates", &templates,
           "File of prompts, one per line; a random one is used for each sample. Empty: --prompt alone. "
           "Later stages use --prompt.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("preview-every", &preview_every, "Generate preview images of each class every N steps; 0: never.")
      .Range(0, 10000000)
      .Unit("steps");
  list.Add("embedding", &embedding,
           "Embedding file of a word learned elsewhere (diffusers, A1111, kohya, OneTrainer), used instead "
           "of learning one; for runs with one class.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("class", &class_embeddings, "NAME=FILE: embedding file for class NAME (repeatable).")
      .Repeatable()
      .NotInKey();
}

TextualInversionState StartTextualInversion(const PromptTemplate& prompt, int64_t problems,
                                            const TextualInversionOptions& options) {
  if (options.min_timestep > options.max_timestep)
    Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.min-timestep",
                                       .found = std::to_string(options.min_timestep),
                                       .expected = "at most max-timestep, " + std::to_string(options.max_timestep)});
  if (options.weight_decay > 0 && options.optimizer != WordOptimizer::kAdamW)
    Fail(ExitCode::kBadConfiguration,
         {.field = "textual-inversion.weight-decay",
          .found = Json(options.weight_decay).dump() + " with optimizer " + ToString(options.optimizer),
          .expected = "0, or optimizer adamw"});
  if (options.preview_every > options.steps)
    Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.preview-every",
                                       .found = std::to_string(options.preview_every),
                                       .expected = "at most steps, " + std::to_string(options.steps)});
  TextualInversionState state;
  const at::Tensor initial = prompt.InitialVectors();
  state.vectors = initial.unsqueeze(0).repeat({problems, 1, 1});
  state.first_moment = at::zeros_like(state.vectors);
  state.second_moment = at::zeros_like(state.vectors);
  state.losses = at::full({problems, options.steps}, std::numeric_limits<float>::quiet_NaN(), at::kFloat);
  return state;
}

}  // namespace tint

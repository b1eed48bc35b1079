#include <ATen/ATen.h>

#include <limits>

#include "tint/base/error.h"
#include "tint/inversion/textual_inversion.h"

namespace tint {

void TextualInversionOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Optimiser steps.")
      .Range(1, 10000000)
      .Unit("steps")
      .Preset("smoke", 30)
      .Source("paper section 4: 5,000");
  list.Add("learning-rate", &learning_rate, "Learning rate, the same for all steps.")
      .Range(1e-12, 10)
      .Preset("smoke", 0.01)
      .Source("paper section 4: 1e-3");
  list.Add("optimizer", &optimizer, "adam, or adamw, which also decays the learned vectors.")
      .Choices({"adam", "adamw"})
      .Preset("upstream", "adamw")
      .Source("paper section 4; upstream: the paper's released code");
  list.Add("weight-decay", &weight_decay, "Decoupled weight decay of the learned vectors; adamw only.")
      .Range(0, 10)
      .Preset("upstream", 0.01)
      .Source("paper section 4: none; upstream: the paper's released code");
  list.Add("min-timestep", &min_timestep, "Least timestep that is drawn.")
      .Range(0, 999)
      .Source("the paper's released code: 250");
  list.Add("max-timestep", &max_timestep, "Largest timestep that is drawn.")
      .Range(0, 999)
      .Source("the paper's released code: 999");
  list.Add("exact-timesteps", &exact_timesteps, "Draw only timesteps at which the sampler will stop.")
      .Source("the paper's released code");
  list.Add("batch-size", &batch_size, "Photos of a class in a step.")
      .Range(1, 4096)
      .Unit("photos")
      .Source("the paper's released code: 1");
  list.Add("micro-batch-size", &micro_batch_size,
           "Samples (classes x batch) of one forward and backward pass; 0: all of a step. Fewer need less memory and "
           "give the same result up to rounding.")
      .Range(0, 100000)
      .Unit("samples");
  list.Add("latents", &latents, "Mean of the autoencoder's posterior, or a fresh sample of it in each step.")
      .Choices({"mean", "sample"})
      .Source("the paper's released code: mean");
  list.Add("augmentation", &augmentation,
           "flip: a photo or its mirror image; full: also random crops, brightness, contrast and saturation.")
      .Choices({"none", "flip", "full"})
      .Source("the paper's released code: none");
  list.Add("augmented-copies", &augmented_copies, "Versions of each photo that augmentation full draws from.")
      .Range(2, 1000)
      .Unit("versions");
  list.Add("prompt", &prompt, "Text that each photo stands for; one word of it begins with '#' and is learned.")
      .Source("paper section 3");
  list.Add("init-word", &init_word, "Word whose vector the learned ones start from; must be one token.")
      .Source("paper section 3");
  list.Add("vectors", &vectors, "Learned vectors of a class.")
      .Range(1, 64)
      .Unit("vectors")
      .Source("paper section 3: 1");
  list.Add("templates", &templates,
           "File of prompts, one a line, of which each sample draws one; empty: the prompt alone. Later stages use the "
           "prompt.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("preview-every", &preview_every, "Draw sample images of each class every so many steps; 0: never.")
      .Range(0, 10000000)
      .Unit("steps");
  list.Add("embedding", &embedding,
           "File of a word learned elsewhere (diffusers, A1111, kohya, OneTrainer), for a run of one class: it is "
           "taken instead of learning.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("class", &class_embeddings, "NAME=FILE: such a file for the class NAME; may stand several times.")
      .Repeatable()
      .NotInKey();
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

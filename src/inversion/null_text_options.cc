#include "tint/base/error.h"
#include "tint/inversion/null_text.h"

namespace tint {

void NullTextOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Timesteps N of the inversion, and of generation, which uses the same.")
      .Range(1, 1000)
      .Unit("timesteps")
      .Preset("smoke", 10)
      .Source("paper section 4: 50");
  list.Add("inner-steps", &inner_steps, "Most optimiser steps per timestep (global: passes over all timesteps).")
      .Range(0, 10000)
      .Unit("steps")
      .Preset("smoke", 3)
      .Source("prompt-to-prompt's released code: 10");
  list.Add("inversion-guidance", &inversion_guidance, "Guidance scale under which the embeddings are optimised.")
      .Range(0, 100)
      .Source("prompt-to-prompt's released code: 7.5");
  list.Add("method", &method,
           "What the unconditional embeddings are: null-text: optimised at each timestep; global: one for all "
           "timesteps; bypass: the empty prompt's (DDIM inversion alone); negative-prompt: the prompt's own, with "
           "which guidance has no effect: another generator.")
      .Choices({"null-text", "global", "bypass", "negative-prompt"})
      .Source("arXiv 2211.09794; negative-prompt: arXiv 2305.16807");
  list.Add("scheme", &scheme,
           "original and diffusers: learning rate x (1 - i/(2N)), tolerance + i 2e-5; fixed: both constant.")
      .Choices({"original", "diffusers", "fixed"})
      .Preset("upstream", "fixed")
      .Source("original: prompt-to-prompt's released code; fixed: the paper's released code");
  list.Add("learning-rate", &learning_rate, "Learning rate at the first timestep.")
      .Range(1e-12, 10)
      .Source("prompt-to-prompt's released code: 0.01");
  list.Add("tolerance", &tolerance,
           "A photo's inner steps stop after the one whose loss was below this; 0: never; -1: the scheme's, 1e-5 "
           "(diffusers: 1e-6).")
      .Range(-1, 1e6)
      .Source("prompt-to-prompt's released code: 1e-5; diffusers: 1e-6");
  list.Add("spacing", &spacing, "How the timesteps lie: trailing ends at 19 and leading at 1 for 50 steps.")
      .Choices({"trailing", "leading"})
      .Source("the paper's released code: trailing");
  list.Add("batch-size", &batch_size,
           "Photos of one batch; 0: all of the episode. Fewer need less memory and give the same result up to "
           "rounding.")
      .Range(0, 100000)
      .Unit("photos");
  list.Add("warn-psnr-loss", &warn_psnr_loss,
           "Warn where a reconstructed photo's PSNR is that much below the autoencoder's own.")
      .Range(0, 100)
      .Unit("dB")
      .NotInKey();
  list.Add("inverted", &inverted,
           "NAME=FILE: the photos of class NAME, inverted elsewhere (safetensors that scripts/convert_embedding.py "
           "makes "
           "of a specialization.pth), taken instead of inverting; for all classes or none, may stand several times.")
      .Repeatable()
      .NotInKey();
}

void CheckNullTextOptions(const NullTextOptions& options) {
  SamplerTimesteps(options.steps, options.spacing);
  if (options.tolerance < 0 && options.tolerance != -1)
    Fail(ExitCode::kBadConfiguration, {.field = "null-text-inversion.tolerance",
                                       .found = Json(options.tolerance).dump(),
                                       .expected = "-1 (the scheme's) or at least 0"});
  if (options.method == "global" && options.inner_steps == 0)
    Fail(ExitCode::kBadConfiguration, {.field = "null-text-inversion.inner-steps",
                                       .found = "0 with method global",
                                       .expected = "at least 1, or method bypass"});
}

double NullTextLearningRate(const NullTextOptions& options, int64_t step_idx) {
  if (options.scheme == "fixed") return options.learning_rate;
  // 0.01 (1 - i/100) for N = 50; written for any N.
  return options.learning_rate * (1 - static_cast<double>(step_idx) / (2.0 * static_cast<double>(options.steps)));
}

double NullTextTolerance(const NullTextOptions& options, int64_t step_idx) {
  if (options.tolerance == 0) return 0;
  const double least = options.tolerance > 0 ? options.tolerance : options.scheme == "diffusers" ? 1e-6 : 1e-5;
  return options.scheme == "fixed" ? least : least + static_cast<double>(step_idx) * 2e-5;
}

}  // namespace tint

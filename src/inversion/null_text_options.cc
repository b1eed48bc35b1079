// SPDX-License-Identifier: Apache-2.0
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/inversion/null_text.h"

namespace tint {

void NullTextOptions::Declare(OptionList& list) {
  list.Add("steps", &steps, "Number of timesteps N of the inversion and of generation.")
      .Range(1, 1000)
      .Unit("timesteps")
      .Preset("smoke", 10)
      .Source("paper section 4: 50");
  list.Add("inner-steps", &inner_steps,
           "Maximum number of optimiser steps per timestep (method global: passes over all timesteps).")
      .Range(0, 10000)
      .Unit("steps")
      .Preset("smoke", 3)
      .Source("prompt-to-prompt's released code: 10");
  list.Add("inversion-guidance", &inversion_guidance, "Guidance scale for which the embeddings are optimised.")
      .Range(0, 100)
      .Source("prompt-to-prompt's released code: 7.5");
  list.Add("method", &method,
           "Unconditional embeddings: null-text: optimised at each timestep; global: one for all timesteps; "
           "bypass: that of the empty prompt (DDIM inversion only); negative-prompt: that of the prompt "
           "itself, with which guidance has no effect.")
      .Source("arXiv 2211.09794; negative-prompt: arXiv 2305.16807");
  list.Add("scheme", &scheme,
           "Schedule of inner step i; original and diffusers: learning rate x (1 - i/(2N)), tolerance + i "
           "2e-5; fixed: both constant.")
      .Preset("upstream", "fixed")
      .Source("original: prompt-to-prompt's released code; fixed: the paper's released code");
  list.Add("learning-rate", &learning_rate, "Learning rate at the first timestep.")
      .Range(1e-12, 10)
      .Source("prompt-to-prompt's released code: 0.01");
  list.Add("tolerance", &tolerance,
           "Stop the inner steps of a photo once its loss is below this; 0: never; -1: as the scheme (1e-5; "
           "diffusers: 1e-6).")
      .Range(-1, 1e6)
      .Source("prompt-to-prompt's released code: 1e-5; diffusers: 1e-6");
  list.Add("spacing", &spacing, "Spacing of the timesteps; with 50 steps the last one is 19 (trailing) or 1 (leading).")
      .Source("the paper's released code: trailing");
  list.Add("batch-size", &batch_size,
           "Number of photos per batch; 0: all of the episode. Smaller batches need less memory; results "
           "agree up to rounding.")
      .Range(0, 100000)
      .Unit("photos");
  list.Add("warn-psnr-loss", &warn_psnr_loss,
           "Warn if the PSNR of a reconstructed photo is lower than the autoencoder's own by more than this.")
      .Range(0, 100)
      .Unit("dB")
      .NotInKey();
  list.Add("inverted", &inverted,
           "NAME=FILE: inverted photos of class NAME, made elsewhere (a safetensors file that "
           "scripts/convert_embedding.py writes from specialization.pth), used instead of inverting; for "
           "all classes or none (repeatable).")
      .Repeatable()
      .NotInKey();
}

void CheckNullTextOptions(const NullTextOptions& options) {
  SamplerTimesteps(options.steps, options.spacing);
  if (options.tolerance < 0 && options.tolerance != -1)
    Fail(ExitCode::kBadConfiguration, {.field = "null-text-inversion.tolerance",
                                       .found = Json(options.tolerance).dump(),
                                       .expected = "-1 (the scheme's) or at least 0"});
  if (options.method == NullTextMethod::kGlobal && options.inner_steps == 0)
    Fail(ExitCode::kBadConfiguration, {.field = "null-text-inversion.inner-steps",
                                       .found = "0 with method global",
                                       .expected = "at least 1, or method bypass"});
}

double NullTextLearningRate(const NullTextOptions& options, int64_t step_idx) {
  if (options.scheme == NullTextScheme::kFixed) return options.learning_rate;
  // 0.01 (1 - i/100) for N = 50; written for any N.
  return options.learning_rate * (1 - static_cast<double>(step_idx) / (2.0 * static_cast<double>(options.steps)));
}

double NullTextTolerance(const NullTextOptions& options, int64_t step_idx) {
  if (options.tolerance == 0) return 0;
  const double least = options.tolerance > 0                          ? options.tolerance
                       : options.scheme == NullTextScheme::kDiffusers ? 1e-6
                                                                      : 1e-5;
  return options.scheme == NullTextScheme::kFixed ? least : least + static_cast<double>(step_idx) * 2e-5;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The model roles behind typed calls. Each checks shapes and has its configuration from models.json.
//
// All of them run in eval mode, and their weights need no gradient (nothing is saved for their backward pass).
// Inputs are cast to the module's dtype and results back to the input's, so that callers compute in float32 whatever
// the model's precision. A result of the wrong shape is Error(kBadInput) naming file and method. Check() calls every
// method once with a small input and reports all that is wrong in one message; it costs up to seconds with big models,
// so only `tint models check` and `tint models lock` call it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tint/models/script_module.h"

namespace tint {

struct DenoiserConfig {
  int64_t sample_size = 64;  // latent height = width
  int64_t latent_channels = 4;
  int64_t context_length = 77;  // L
  int64_t context_width = 768;  // F
};

// U-Net that predicts the noise in latents.
class Denoiser {
 public:
  Denoiser(ScriptModule module, DenoiserConfig config);
  // latents [B, C, h, w], timesteps int64 [B] in 0...999, context [B, L, F] -> predicted noise [B, C, h, w].
  // Differentiable in latents and context.
  at::Tensor PredictNoise(const at::Tensor& latents, const at::Tensor& timesteps, const at::Tensor& context) const;
  void Check() const;
  const DenoiserConfig& config() const { return config_; }
  const ScriptModule& module() const { return module_; }

 private:
  ScriptModule module_;
  DenoiserConfig config_;
};

struct AutoencoderConfig {
  double scale_factor = 0.18215;
  int64_t image_size = 512;
  int64_t spatial_factor = 8;
};

// Images in [0, 1] to scaled latents and back (docs/method.md, Autoencoder: posterior mean).
class Autoencoder {
 public:
  Autoencoder(ScriptModule module, AutoencoderConfig config);
  // [B, 3, H, W] in [0, 1] -> scale * mean(2x - 1): [B, C, H/8, W/8].
  at::Tensor Encode(const at::Tensor& images) const;
  // The whole posterior: scaled mean and standard deviation, [B, C, H/8, W/8] each. A file without the method
  // `moments`: Error(kBadInput).
  std::pair<at::Tensor, at::Tensor> EncodePosterior(const at::Tensor& images) const;
  // [B, C, h, w] -> clamp(decode(z / scale) / 2 + 1/2, 0, 1): [B, 3, 8h, 8w].
  at::Tensor Decode(const at::Tensor& latents) const;
  void Check() const;
  const AutoencoderConfig& config() const { return config_; }
  const ScriptModule& module() const { return module_; }

 private:
  ScriptModule module_;
  AutoencoderConfig config_;
};

struct TextEncoderConfig {
  int64_t embedding_width = 768;  // D
  int64_t context_width = 768;    // F
  int64_t context_length = 77;    // L
  int64_t vocabulary_size = 49408;
};

class TextEncoder {
 public:
  TextEncoder(ScriptModule module, TextEncoderConfig config);
  // ids int64 [B, L] below vocabulary_size -> token vectors float32 [B, L, D], before the position term.
  at::Tensor Embed(const at::Tensor& ids) const;
  // token vectors [B, L, D] -> context [B, L, F]. Differentiable.
  at::Tensor Context(const at::Tensor& embeddings) const;
  void Check() const;
  const TextEncoderConfig& config() const { return config_; }
  const ScriptModule& module() const { return module_; }

 private:
  ScriptModule module_;
  TextEncoderConfig config_;
};

// Enlarges images in [0, 1], clamped to [0, 1]. docs/method.md, Super-resolution.
class Upscaler {
 public:
  // The module needs sides that are multiples of `side_multiple`: images are padded by reflection at the right and the
  // bottom, and the result is cropped (HAT's window: 16).
  Upscaler(ScriptModule module, int64_t factor, int64_t side_multiple = 1);
  at::Tensor Enlarge(const at::Tensor& images) const;  // [B, 3, h, w] -> [B, 3, f h, f w]
  void Check() const;
  int64_t factor() const { return factor_; }
  const ScriptModule& module() const { return module_; }

 private:
  ScriptModule module_;
  int64_t factor_, side_multiple_;
};

// The input of a classifier's backbone.
struct InputConfig {
  int64_t input_size = 224;
  std::string resize_rule = "bilinear";  // or "bilinear-antialias"
  std::vector<double> mean = {0.472138, 0.453308, 0.409961};
  std::vector<double> std = {0.277184, 0.267751, 0.284490};
};

// images in [0, 1], any size -> resized by the rule, (x - mean) / std.
at::Tensor PrepareInput(const at::Tensor& images, const InputConfig& config);

struct TeacherConfig {
  InputConfig input;
  int64_t feature_width = 768;
  double logit_scale = 10.0;  // s and b of the cosine classifier (PMF)
  double logit_bias = 0.0;
};

class Teacher {
 public:
  Teacher(ScriptModule module, TeacherConfig config);
  // images in [0, 1], [B, 3, H, W] -> features float32 [B, D], no gradient.
  at::Tensor Features(const at::Tensor& images) const;
  void Check() const;
  const ScriptModule& module() const { return module_; }
  const TeacherConfig& config() const { return config_; }

 private:
  ScriptModule module_;
  TeacherConfig config_;
};

}  // namespace tint

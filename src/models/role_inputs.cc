// SPDX-License-Identifier: Apache-2.0
#include "role_inputs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint::internal {
namespace {

constexpr double kGolden = 0.6180339887498949;  // (sqrt 5 - 1) / 2: multiples of it fill [0, 1) evenly
constexpr int64_t kStride = 7919;               // a prime

using Methods = std::vector<MethodSpec>;

InputSpec Ids(int64_t batch, int64_t length, int64_t vocabulary) {
  return {{batch, length}, true, 0, static_cast<double>(vocabulary - 1)};
}

Methods DenoiserMethods(const DenoiserConfig& facts, bool full) {
  const int64_t batch = full ? 1 : 2, side = full ? facts.sample_size : std::min<int64_t>(facts.sample_size, 16);
  const std::vector<int64_t> latents = {batch, facts.latent_channels, side, side};
  return {{"forward",
           {{latents, false, -1, 1},
            {{batch}, true, 0, 999},
            {{batch, facts.context_length, facts.context_width}, false, -1, 1}},
           latents}};
}

// Any number of latent channels is allowed; it is 4 in every autoencoder of Stable Diffusion.
Methods AutoencoderMethods(const ModelSet& set, bool full) {
  const AutoencoderConfig facts = set.ReadAutoencoderConfig();
  const int64_t all = std::max<int64_t>(1, facts.image_size / facts.spatial_factor);
  const int64_t cells = full ? all : std::min<int64_t>(8, all), side = cells * facts.spatial_factor;
  const int64_t channels = set.Has("denoiser") ? set.ReadDenoiserConfig().latent_channels : 4;
  return {{"encode", {{{1, 3, side, side}, false, -1, 1}}, {1, channels, cells, cells}},
          {"decode", {{{1, channels, cells, cells}, false, -1, 1}}, {1, 3, side, side}}};
}

Methods TextEncoderMethods(const TextEncoderConfig& facts) {
  const int64_t length = facts.context_length;
  return {{"forward", {{{1, length, facts.embedding_width}, false, -1, 1}}, {1, length, facts.context_width}},
          {"embed", {Ids(1, length, facts.vocabulary_size)}, {1, length, facts.embedding_width}}};
}

Methods UpscalerMethods(const ModelSet& set) {
  const int64_t factor = RequireInteger(set.document(), "/roles/upscaler/factor", 1, 64, ExitCode::kBadConfiguration);
  const int64_t side = 96;  // what super-resolution feeds it; a multiple of every window in use
  return {{"forward", {{{1, 3, side, side}, false, 0, 1}}, {1, 3, side * factor, side * factor}}};
}

Methods BackboneMethods(const ModelSet& set, const std::string& role, bool full) {
  const int64_t batch = full ? 1 : 2, side = set.ReadInputConfig(role).input_size;
  return {{"forward", {{{batch, 3, side, side}, false, -2, 2}}, {batch, set.ReadFeatureWidth(role)}}};
}

Methods ClipMethods(const ModelSet& set) {
  const ExitCode bad = ExitCode::kBadConfiguration;
  const int64_t side = RequireInteger(set.document(), "/roles/clip/input_size", 1, 4096, bad);
  const int64_t length = RequireInteger(set.document(), "/roles/clip/context_length", 1, 4096, bad);
  const int64_t width = set.ReadFeatureWidth("clip");
  return {{"encode_image", {{{1, 3, side, side}, false, -2, 2}}, {1, width}},
          {"encode_text", {Ids(1, length, 1000)}, {1, width}}};
}

}  // namespace

Methods RoleMethods(const ModelSet& set, const std::string& role, InputSize size) {
  const bool full = size == InputSize::kFull;
  if (role == "denoiser") return DenoiserMethods(set.ReadDenoiserConfig(), full);
  if (role == "autoencoder") return AutoencoderMethods(set, full);
  if (role == "text_encoder") return TextEncoderMethods(set.ReadTextEncoderConfig());
  if (role == "upscaler") return UpscalerMethods(set);
  if (role == "inception") return {{"forward", {{{1, 3, 299, 299}, false, 0, 1}}, {1, set.ReadFeatureWidth(role)}}};
  if (role == "clip") return ClipMethods(set);
  TINT_CHECK(role == "teacher" || role.rfind("student-", 0) == 0) << role;
  return BackboneMethods(set, role, full);
}

at::Tensor MakeInput(const InputSpec& spec) {
  int64_t count = 1;
  for (const int64_t size : spec.shape) count *= size;
  if (spec.integers) {
    const auto low = static_cast<int64_t>(spec.low), values = static_cast<int64_t>(spec.high) - low + 1;
    return (at::arange(count, at::kLong) * kStride).remainder(values).add(low).reshape(spec.shape);
  }
  at::Tensor tensor = at::empty({count}, at::kFloat);
  float* data = tensor.mutable_data_ptr<float>();
  for (int64_t k = 0; k < count; ++k) {
    data[k] = static_cast<float>(spec.low + (spec.high - spec.low) * std::fmod(static_cast<double>(k) * kGolden, 1.0));
  }
  return tensor.reshape(spec.shape);
}

Json ToJson(const InputSpec& spec) {
  Json json = {{"shape", spec.shape}, {"dtype", spec.integers ? "int64" : "float32"}};
  if (spec.integers) {
    json["low"] = static_cast<int64_t>(spec.low);
    json["high"] = static_cast<int64_t>(spec.high);
  } else {
    json["low"] = spec.low;
    json["high"] = spec.high;
  }
  return json;
}

}  // namespace tint::internal

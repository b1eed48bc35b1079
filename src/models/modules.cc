// SPDX-License-Identifier: Apache-2.0
#include "tint/models/modules.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "custom_ops.h"
#include "module_checks.h"
#include "tint/base/error.h"
#include "tint/image/resize.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

using internal::CheckedCall;
using internal::ModuleChecker;

void Freeze(const ScriptModule& module) {
  module.SetTraining(false);
  module.SetRequiresGrad(false);
  internal::RewriteWithCustomOps(module);
}

at::Tensor Zeros(std::vector<int64_t> shape, const ScriptModule& module, at::ScalarType dtype = at::kFloat) {
  return at::zeros(shape, at::TensorOptions().dtype(dtype).device(module.device()));
}

at::Tensor ChannelValues(const std::vector<double>& values, const at::Tensor& like) {
  return at::tensor(values, at::kDouble).to(like.options()).reshape({1, -1, 1, 1});
}

}  // namespace

Denoiser::Denoiser(ScriptModule module, DenoiserConfig config) : module_(std::move(module)), config_(config) {
  Freeze(module_);
}

at::Tensor Denoiser::PredictNoise(const at::Tensor& latents, const at::Tensor& timesteps,
                                  const at::Tensor& context) const {
  CheckShape(latents, {-1, config_.latent_channels, -1, -1}, "latents");
  CheckShape(timesteps, {latents.size(0)}, "timesteps");
  CheckDtype(timesteps, at::kLong, "timesteps");
  CheckShape(context, {latents.size(0), config_.context_length, config_.context_width}, "context");
  return CheckedCall(module_, "forward", {latents, timesteps, context}, latents.sizes().vec(), latents.scalar_type());
}

void Denoiser::Check() const {
  const int64_t side = std::min<int64_t>(config_.sample_size, 16), channels = config_.latent_channels;
  ModuleChecker checker(module_);
  for (const int64_t batch : {1, 2}) {
    checker.Try("forward",
                {Zeros({batch, channels, side, side}, module_), Zeros({batch}, module_, at::kLong),
                 Zeros({batch, config_.context_length, config_.context_width}, module_)},
                {batch, channels, side, side});
  }
  checker.Finish();
}

Autoencoder::Autoencoder(ScriptModule module, AutoencoderConfig config) : module_(std::move(module)), config_(config) {
  Freeze(module_);
}

at::Tensor Autoencoder::Encode(const at::Tensor& images) const {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  const int64_t factor = config_.spatial_factor;
  TINT_CHECK(images.size(2) % factor == 0 && images.size(3) % factor == 0)
      << "images of " << images.size(2) << " x " << images.size(3) << " for an autoencoder that reduces by " << factor;
  const at::Tensor mean =
      CheckedCall(module_, "encode", {images * 2 - 1},
                  {images.size(0), -1, images.size(2) / factor, images.size(3) / factor}, images.scalar_type());
  return mean * config_.scale_factor;
}

std::pair<at::Tensor, at::Tensor> Autoencoder::EncodePosterior(const at::Tensor& images) const {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  if (!module_.HasMethod("moments"))
    Fail(ExitCode::kBadInput,
         {.file = module_.file(),
          .field = "moments",
          .found = "no such method",
          .expected = "moments(image) for samples of the posterior",
          .remedy = "Export the set again with scripts/export_models.py, or set --textual-inversion.latents mean."});
  const int64_t factor = config_.spatial_factor;
  const at::Tensor moments =
      CheckedCall(module_, "moments", {images * 2 - 1},
                  {images.size(0), -1, images.size(2) / factor, images.size(3) / factor}, images.scalar_type());
  const auto halves = moments.chunk(2, 1);
  return {halves[0] * config_.scale_factor, (halves[1] / 2).exp() * config_.scale_factor};
}

at::Tensor Autoencoder::Decode(const at::Tensor& latents) const {
  CheckShape(latents, {-1, -1, -1, -1}, "latents");
  const int64_t factor = config_.spatial_factor;
  const at::Tensor image =
      CheckedCall(module_, "decode", {latents / config_.scale_factor},
                  {latents.size(0), 3, latents.size(2) * factor, latents.size(3) * factor}, latents.scalar_type());
  return at::clamp(image / 2 + 0.5, 0, 1);
}

void Autoencoder::Check() const {
  const int64_t cells = std::min<int64_t>(8, config_.image_size / config_.spatial_factor);
  const int64_t side = cells * config_.spatial_factor;
  ModuleChecker checker(module_);
  const at::Tensor latents = checker.Try("encode", {Zeros({1, 3, side, side}, module_)}, {1, -1, cells, cells});
  // Without latents their number of channels is not known, but a missing method still is.
  const int64_t channels = latents.defined() ? latents.size(1) : 4;
  if (latents.defined() || !module_.HasMethod("decode")) {
    checker.Try("decode", {Zeros({1, channels, cells, cells}, module_)}, {1, 3, side, side});
  }
  checker.Finish();
}

TextEncoder::TextEncoder(ScriptModule module, TextEncoderConfig config) : module_(std::move(module)), config_(config) {
  Freeze(module_);
}

at::Tensor TextEncoder::Embed(const at::Tensor& ids) const {
  CheckShape(ids, {-1, config_.context_length}, "ids");
  CheckDtype(ids, at::kLong, "ids");
  return CheckedCall(module_, "embed", {ids}, {ids.size(0), config_.context_length, config_.embedding_width},
                     at::kFloat);
}

at::Tensor TextEncoder::Context(const at::Tensor& embeddings) const {
  CheckShape(embeddings, {-1, config_.context_length, config_.embedding_width}, "embeddings");
  return CheckedCall(module_, "forward", {embeddings},
                     {embeddings.size(0), config_.context_length, config_.context_width}, embeddings.scalar_type());
}

void TextEncoder::Check() const {
  const int64_t length = config_.context_length, width = config_.embedding_width;
  ModuleChecker checker(module_);
  const at::Tensor first = Zeros({1, length}, module_, at::kLong);
  checker.Try("embed", {at::cat({first, first + (config_.vocabulary_size - 1)})}, {2, length, width});
  checker.Try("forward", {Zeros({1, length, width}, module_)}, {1, length, config_.context_width});
  checker.Finish();
}

Upscaler::Upscaler(ScriptModule module, int64_t factor, int64_t side_multiple)
    : module_(std::move(module)), factor_(factor), side_multiple_(side_multiple) {
  Freeze(module_);
}

at::Tensor Upscaler::Enlarge(const at::Tensor& images) const {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  const int64_t height = images.size(2), width = images.size(3);
  const int64_t below = (side_multiple_ - height % side_multiple_) % side_multiple_;
  const int64_t right = (side_multiple_ - width % side_multiple_) % side_multiple_;
  const at::Tensor padded = below + right == 0 ? images : at::reflection_pad2d(images, {0, right, 0, below});
  const std::vector<int64_t> shape = {images.size(0), 3, padded.size(2) * factor_, padded.size(3) * factor_};
  const at::Tensor large = CheckedCall(module_, "forward", {padded}, shape, images.scalar_type());
  return at::clamp(large.narrow(2, 0, height * factor_).narrow(3, 0, width * factor_), 0, 1);
}

void Upscaler::Check() const {
  const int64_t side = std::max<int64_t>(16, side_multiple_);
  ModuleChecker checker(module_);
  checker.Try("forward", {Zeros({1, 3, side, side}, module_)}, {1, 3, side * factor_, side * factor_});
  checker.Finish();
}

at::Tensor PrepareInput(const at::Tensor& images, const InputConfig& config) {
  CheckShape(images, {-1, 3, -1, -1}, "images");
  at::Tensor resized = images;
  if (images.size(2) != config.input_size || images.size(3) != config.input_size) {
    const bool antialias = config.resize_rule == "bilinear-antialias";
    TINT_CHECK(antialias || config.resize_rule == "bilinear") << config.resize_rule;
    resized = antialias ? ResizeBilinearAntialias(images, config.input_size, config.input_size)
                        : ResizeBilinear(images, config.input_size, config.input_size);
  }
  return (resized - ChannelValues(config.mean, resized)) / ChannelValues(config.std, resized);
}

Teacher::Teacher(ScriptModule module, TeacherConfig config) : module_(std::move(module)), config_(std::move(config)) {
  Freeze(module_);
}

at::Tensor Teacher::Features(const at::Tensor& images) const {
  const c10::NoGradGuard no_grad;
  return CheckedCall(module_, "forward", {PrepareInput(images, config_.input)}, {images.size(0), config_.feature_width},
                     at::kFloat);
}

void Teacher::Check() const {
  const int64_t side = config_.input.input_size;
  ModuleChecker checker(module_);
  checker.Try("forward", {Zeros({2, 3, side, side}, module_)}, {2, config_.feature_width});
  checker.Finish();
}

}  // namespace tint

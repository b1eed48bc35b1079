// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/meta_train.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <utility>

#include "tint/base/error.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/teacher.h"
#include "tint/image/augment.h"
#include "tint/image/resize.h"
#include "tint/optim/adam.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr char kScale[] = "logit_scale";

class MetaTrainer {
 public:
  MetaTrainer(const MetaTrainData& data, const MetaTrainOptions& options, uint64_t seed, MetaTrainState* state)
      : data_(data), options_(options), seed_(seed), state_(*state), device_(state->teacher.device()) {
    TINT_CHECK_GE(static_cast<int64_t>(data.classes.size()), options.ways);
    state_.teacher.SetTraining(false);
    state_.teacher.SetRequiresGrad(true);
    state_.scale.set_requires_grad(true);
    for (auto& [name, parameter] : AllParameters()) {
      for (auto* moments : {&state_.first_moments, &state_.second_moments}) {
        at::Tensor& moment = (*moments)[name];
        if (!moment.defined()) moment = at::zeros_like(parameter.detach());
        moment = moment.to(parameter.device());
      }
    }
  }

  double Step(int64_t step, double rate) {
    const at::Tensor images = PrepareInput(Draw(step).to(device_).to(at::kFloat) / 255, data_.input);
    const at::Tensor features = state_.teacher.Call("forward", {images}).to(at::kFloat);
    const int64_t supports = options_.ways * options_.shots;
    const auto labels = [&](int64_t each) { return at::arange(options_.ways).repeat_interleave(each).to(device_); };
    const at::Tensor prototypes = Prototypes(features.narrow(0, 0, supports), labels(options_.shots), options_.ways);
    const at::Tensor cosine = CosineLogits(features.narrow(0, supports, features.size(0) - supports), prototypes, 1, 0);
    const at::Tensor loss = CrossEntropyLoss(state_.scale * cosine, labels(options_.queries));
    Descend(loss, step, rate);
    return loss.item<double>();
  }

 private:
  RandomStream Stream(const std::string& purpose, int64_t step, int64_t index = 0) const {
    const std::string stage = "meta-train/" + purpose;
    return RandomStream({seed_, stage, 0, static_cast<uint64_t>(index), static_cast<uint64_t>(step)});
  }

  std::vector<std::pair<std::string, at::Tensor>> AllParameters() const {
    auto parameters = state_.teacher.Parameters();
    parameters.emplace_back(kScale, state_.scale);
    return parameters;
  }

  // uint8 [ways (shots + queries), 3, T, T]: all supports by class, then all queries by class.
  at::Tensor Draw(int64_t step) const {
    RandomStream stream = Stream("episode", step);
    const std::vector<int64_t> classes = stream.Permutation(static_cast<int64_t>(data_.classes.size()));
    std::vector<at::Tensor> supports, queries;
    for (int64_t c = 0; c < options_.ways; ++c) {
      const at::Tensor& images = data_.classes[static_cast<size_t>(classes[static_cast<size_t>(c)])];
      const std::vector<int64_t> order = stream.Permutation(images.size(0));
      TINT_CHECK_GE(images.size(0), options_.shots + options_.queries);
      for (int64_t k = 0; k < options_.shots + options_.queries; ++k)
        (k < options_.shots ? supports : queries).push_back(images[order[static_cast<size_t>(k)]]);
    }
    supports.insert(supports.end(), queries.begin(), queries.end());
    std::vector<at::Tensor> augmented;
    const AugmentOptions colour = {0, options_.color_jitter, options_.flip_probability};
    for (size_t k = 0; k < supports.size(); ++k) {
      std::vector<RandomStream> streams;
      streams.push_back(Stream("augment", step, static_cast<int64_t>(k)));
      const at::Tensor crop = RandomResizedCrop(supports[k], data_.input.input_size, options_.crop_area, streams[0]);
      augmented.push_back(Augment(crop.unsqueeze(0), colour, streams));
    }
    return at::cat(augmented);
  }

  void Descend(const at::Tensor& loss, int64_t step, double rate) {
    const auto named = AllParameters();
    std::vector<at::Tensor> parameters;
    for (const auto& [name, parameter] : named) parameters.push_back(parameter);
    const auto gradients = torch::autograd::grad({loss}, parameters, {}, std::nullopt, false, /*allow_unused=*/true);
    const c10::NoGradGuard no_grad;
    for (size_t i = 0; i < named.size(); ++i) {
      if (!gradients[i].defined()) continue;
      const at::Tensor gradient = gradients[i].add(parameters[i], options_.weight_decay);
      at::Tensor &first = state_.first_moments.at(named[i].first), &second = state_.second_moments.at(named[i].first);
      if (options_.optimizer == MetaOptimizer::kSgd) {
        parameters[i].add_(first.mul_(options_.momentum).add_(gradient), -rate);
      } else {
        at::Tensor value = parameters[i].detach();
        AdamStep(value, gradient, first, second, step + 1, {.learning_rate = rate, .beta1 = options_.momentum});
        parameters[i].copy_(value);  // AdamStep returns new tensors; those of the module must change
      }
    }
  }

  const MetaTrainData& data_;
  const MetaTrainOptions& options_;
  uint64_t seed_;
  MetaTrainState& state_;
  c10::Device device_;
};

std::string Percent(double share) { return fmt::format("{:.2f} %", 100 * share); }

void Validate(const MetaTrainData& data, const MetaTrainOptions& options, int64_t epoch, MetaTrainState* state) {
  const double accuracy = data.validate(state->teacher);
  state->accuracies.push_back(accuracy);
  if (accuracy > state->best_accuracy) {
    state->best_accuracy = accuracy;
    state->best_epoch = epoch;
    state->best_scale = state->scale.item<double>();
    state->best = CopyOfTensors(state->teacher);
  }
  if (accuracy >= state->accuracies.front()) return;
  const std::string rate = fmt::format("{:.3g}", MetaTrainRate(options, epoch - 1));
  Fail(ExitCode::kInternal, "pretrain teacher: after epoch " + std::to_string(epoch) + " the validation accuracy, " +
                                Percent(accuracy) + ", is below the untrained teacher's, " +
                                Percent(state->accuracies.front()) +
                                ": training has collapsed. The learning rate was " + rate +
                                "; try a smaller --learning-rate, or --preset pmf.");
}

}  // namespace

at::Tensor RandomResizedCrop(const at::Tensor& image, int64_t side, double area, RandomStream& stream) {
  CheckShape(image, {3, -1, -1}, "image");
  const int64_t height = image.size(1), width = image.size(2);
  const double low = std::log(3.0 / 4), high = std::log(4.0 / 3);
  int64_t h = 0, w = 0;
  bool found = false;
  for (int attempt = 0; attempt < 10 && !found; ++attempt) {
    const double target = static_cast<double>(height * width) * (area + (1 - area) * stream.Uniform());
    const double ratio = std::exp(low + (high - low) * stream.Uniform());
    w = std::llround(std::sqrt(target * ratio));
    h = std::llround(std::sqrt(target / ratio));
    found = w > 0 && w <= width && h > 0 && h <= height;
  }
  if (!found) h = w = std::min(height, width);
  const int64_t top = found ? stream.Integer(0, height - h) : (height - h) / 2;
  const int64_t left = found ? stream.Integer(0, width - w) : (width - w) / 2;
  const at::Tensor cut = image.narrow(1, top, h).narrow(2, left, w).unsqueeze(0).to(at::kFloat);
  return ResizeBilinearAntialias(cut, side, side).round().clamp(0, 255).to(at::kByte)[0];
}

void RunMetaTrain(const MetaTrainData& data, const MetaTrainOptions& options, uint64_t seed, MetaTrainState* state,
                  const std::function<void(const MetaTrainState&)>& after_step) {
  MetaTrainer trainer(data, options, seed, state);
  if (state->accuracies.empty()) Validate(data, options, 0, state);
  while (state->step < options.epochs * options.episodes) {
    const int64_t epoch = state->step / options.episodes;
    const double rate = MetaTrainRate(options, epoch), loss = trainer.Step(state->step, rate);
    if (!std::isfinite(loss))
      Fail(ExitCode::kInternal, "pretrain teacher: step " + std::to_string(state->step) +
                                    ": the loss is not finite; the learning rate is " + std::to_string(rate) +
                                    ". Try a smaller --learning-rate, or --preset pmf.");
    state->loss_sum += loss;
    ++state->step;
    if (state->step % options.episodes == 0) {
      state->losses.push_back(state->loss_sum / static_cast<double>(options.episodes));
      state->loss_sum = 0;
      if ((epoch + 1) % options.validate_every == 0 || epoch + 1 == options.epochs)
        Validate(data, options, epoch + 1, state);
    }
    if (after_step) after_step(*state);
  }
}

}  // namespace tint

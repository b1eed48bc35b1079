// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/pretrain.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>

#include <cmath>
#include <optional>

#include "batch_norm_stats_guard.h"
#include "distill_batch.h"
#include "pretrain_losses.h"
#include "pretrain_views.h"
#include "source_loss.h"
#include "tint/base/error.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/precision.h"
#include "tint/models/training.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

struct Outputs {
  at::Tensor features, classes, views, invariant;  // the last two for IER
};

class Pretrainer {
 public:
  Pretrainer(const PretrainData& data, const PretrainOptions& options, uint64_t seed, PretrainState* state)
      : data_(data),
        options_(options),
        seed_(seed),
        state_(*state),
        fused_(FuseForTraining(state->pretrainer)),
        device_(state->pretrainer.device()),
        ier_(options.recipe == PretrainRecipe::kIer),
        use_bfloat16_(UsesBfloat16(options.precision, device_)) {
    CheckShape(data.images, {-1, 3, -1, -1}, "base images");
    CheckDtype(data.images, at::kByte, "base images");
    CheckShape(data.labels, {data.images.size(0)}, "base labels");
    state_.pretrainer.SetRequiresGrad(true);
    PrepareMomenta(state_.pretrainer, &state_.momenta);
    if (ier_ && !state_.bank.defined()) {
      const at::Tensor drawn = Stream("bank", 0).Normal({data.images.size(0), internal::kInvariantWidth});
      state_.bank = drawn / drawn.norm(2, {1}, true);
    }
  }

  // One step; its loss, still on the device.
  at::Tensor Step(int64_t step, double rate) {
    const at::Tensor rows = RowsOf(step);
    at::manual_seed(Stream("drop", step).Bits64());
    state_.pretrainer.SetTraining(true);
    fused_.SetTraining(true);
    const at::Tensor images = internal::PrepareForStudent(Images(step, rows).to(device_), data_.mean, data_.std);
    at::Tensor loss;
    {
      const Autocast autocast(device_, use_bfloat16_);
      loss = Loss(images, rows, step);
    }
    SgdStep(loss, {{&state_.pretrainer, &state_.momenta, [&](const std::string&) { return rate; }}},
            {options_.momentum, options_.weight_decay});
    return loss.detach();
  }

 private:
  RandomStream Stream(const std::string& purpose, int64_t index) const {
    const std::string stage = "pretrain/" + purpose;
    return RandomStream({seed_, stage, 0, 0, static_cast<uint64_t>(index)});
  }

  // Shuffled passes; images after the last complete batch of a pass are skipped.
  at::Tensor RowsOf(int64_t step) {
    const int64_t steps = StepsPerEpoch(data_, options_), epoch = step / steps;
    if (epoch != order_epoch_) {
      order_ = at::tensor(Stream("order", epoch).Permutation(data_.images.size(0)));
      order_epoch_ = epoch;
    }
    return order_.narrow(0, (step % steps) * options_.batch_size, options_.batch_size);
  }

  at::Tensor Images(int64_t step, const at::Tensor& rows) const {
    const at::Tensor images = data_.images.index_select(0, rows);
    std::vector<RandomStream> streams;
    for (int64_t b = 0; b < rows.size(0); ++b) streams.push_back(Stream("augment", step * options_.batch_size + b));
    if (ier_) return internal::MakeViewsInThreads(images, options_.augmentation, streams, at::get_num_threads());
    return internal::AugmentInThreads(images, options_.augmentation.Augmentation(images.size(3)), streams,
                                      at::get_num_threads());
  }

  at::Tensor Loss(const at::Tensor& images, const at::Tensor& rows, int64_t step) {
    const at::Tensor labels = data_.labels.index_select(0, rows).to(device_);
    const Outputs student = Call(fused_, images, /*training=*/true);
    if (!ier_) {
      const at::Tensor own = CrossEntropyLoss(student.classes, labels);
      return data_.teacher ? own + options_.teacher_weight * FollowTeacher(student, images) : own;
    }
    const int64_t count = rows.size(0);
    const at::Tensor all_labels = labels.repeat({internal::kViews});
    const at::Tensor view_numbers = at::arange(internal::kViews, all_labels.options()).repeat_interleave(count);
    const at::Tensor memory = state_.bank.index_select(0, rows);
    RandomStream stream = Stream("negatives", step);
    std::vector<int64_t> drawn(static_cast<size_t>(options_.negatives));
    for (int64_t& row : drawn) row = stream.Integer(0, state_.bank.size(0) - 1);
    const at::Tensor negatives = state_.bank.index_select(0, at::tensor(drawn));
    const at::Tensor equivariant = CrossEntropyLoss(student.views, view_numbers);
    const at::Tensor invariant = internal::InvariantLoss(student.invariant, memory.to(device_), negatives.to(device_),
                                                         options_.bank_temperature);
    at::Tensor loss = CrossEntropyLoss(student.classes, all_labels) + options_.gamma * (equivariant + invariant);
    if (data_.teacher) loss = loss + options_.teacher_weight * FollowTeacher(student, images);
    const at::Tensor first = student.invariant.detach().narrow(0, 0, count).to(at::kCPU, at::kFloat);
    state_.bank.index_copy_(0, rows, memory * options_.bank_momentum + first * (1 - options_.bank_momentum));
    return loss;
  }

  // Generation 1: IER's released code.
  at::Tensor FollowTeacher(const Outputs& student, const at::Tensor& images) const {
    Outputs teacher;
    {
      const c10::NoGradGuard no_grad;
      teacher = Call(data_.teacher, images, /*training=*/false);
    }
    const auto soft = [&](const at::Tensor& own, const at::Tensor& its) {
      return KnowledgeDistillationLoss(own, its, options_.teacher_temperature);
    };
    const at::Tensor loss = soft(student.classes, teacher.classes) + at::mse_loss(student.features, teacher.features);
    if (!ier_) return loss;
    return loss +
           options_.gamma * (soft(student.views, teacher.views) + at::mse_loss(student.invariant, teacher.invariant));
  }

  Outputs Call(const ScriptModule& module, const at::Tensor& images, bool training) const {
    at::Tensor features;
    if (!training || !ier_ || options_.batch_norm == BatchStatistics::kShared) {
      features = module.Call("features", {images});
    } else {
      // The running statistics follow the first half of the views, as in IER's published runs on two GPUs.
      const auto halves = images.chunk(2);
      const at::Tensor first = module.Call("features", {halves[0]});
      const internal::BatchNormStatsGuard guard(state_.pretrainer);
      features = at::cat({first, module.Call("features", {halves[1]})});
    }
    features = features.to(at::kFloat);
    Outputs outputs{features, module.Call("classify", {features}).to(at::kFloat), {}, {}};
    if (!ier_) return outputs;
    outputs.views = module.Call("equivariant", {features}).to(at::kFloat);
    outputs.invariant = module.Call("invariant", {features}).to(at::kFloat);
    return outputs;
  }

  const PretrainData& data_;
  const PretrainOptions& options_;
  uint64_t seed_;
  PretrainState& state_;
  ScriptModule fused_;
  c10::Device device_;
  bool ier_, use_bfloat16_;
  int64_t order_epoch_ = -1;
  at::Tensor order_;
};

void Validate(const PretrainData& data, int64_t epoch, PretrainState* state) {
  state->pretrainer.SetTraining(false);
  const ScriptModule backbone = BackboneOf(state->pretrainer);
  const double accuracy = data.validate(backbone);
  state->accuracies.push_back(accuracy);
  ++state->since_best;
  if (accuracy <= state->best_accuracy) return;
  state->best_accuracy = accuracy;
  state->best_epoch = epoch;
  state->since_best = 0;
  state->best = CopyOfTensors(backbone);
}

}  // namespace

int64_t StepsPerEpoch(const PretrainData& data, const PretrainOptions& options) {
  return data.images.size(0) / options.batch_size;
}

void RunPretrain(const PretrainData& data, const PretrainOptions& options, uint64_t seed, PretrainState* state,
                 const std::function<void(const PretrainState&)>& after_step) {
  const int64_t steps = StepsPerEpoch(data, options);
  TINT_CHECK_GE(steps, 1);
  Pretrainer pretrainer(data, options, seed, state);
  while (state->step < steps * options.epochs && (options.patience == 0 || state->since_best < options.patience)) {
    const int64_t epoch = state->step / steps;
    const double rate = PretrainLearningRate(options, epoch);
    const double loss = pretrainer.Step(state->step, rate).item<double>();
    if (!std::isfinite(loss))
      Fail(ExitCode::kInternal, "pretrain student: step " + std::to_string(state->step) +
                                    ": the loss is not finite; the learning rate is " + std::to_string(rate) +
                                    ". Try a smaller --learning-rate.");
    state->loss_sum += loss;
    ++state->step;
    if (state->step % steps == 0) {
      state->losses.push_back(state->loss_sum / static_cast<double>(steps));
      state->loss_sum = 0;
      if ((epoch + 1) % options.validate_every == 0 || epoch + 1 == options.epochs) Validate(data, epoch, state);
    }
    if (after_step) after_step(*state);
  }
  state->pretrainer.SetTraining(false);
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/distill.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "batch_norm_stats_guard.h"
#include "distill_batch.h"
#include "source_loss.h"
#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/fewshot/precision.h"
#include "tint/fewshot/student.h"
#include "tint/models/training.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

const std::array<std::string, 3> kSourceNames = {"support", "base", "synthetic"};

int64_t SourceColumn(const std::string& name) {
  const auto found = std::find(kSourceNames.begin(), kSourceNames.end(), name);
  TINT_CHECK(found != kSourceNames.end()) << name;
  return found - kSourceNames.begin();
}

class Distiller {
 public:
  Distiller(const std::vector<DistillSource>& sources, const DistillOptions& options, const std::vector<double>& mean,
            const std::vector<double>& std, DistillState* state)
      : sources_(sources),
        options_(options),
        mean_(mean),
        std_(std),
        state_(*state),
        fused_(FuseForTraining(state->student)),
        device_(state->student.device()),
        bfloat16_(UsesBfloat16(options.precision, device_)) {
    CheckSources();
    PrepareState();
  }

  // One step of SGD; the losses of the sources, not weighted, still on the device.
  at::Tensor Step(int64_t step, const internal::DistillBatch& batch) {
    const at::Tensor images = internal::PrepareForStudent(batch.images.to(device_), mean_, std_);
    const std::vector<at::Tensor> logits = Logits(images, batch);
    std::vector<at::Tensor> losses;
    at::Tensor total;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const at::Tensor loss = internal::SourceLoss(sources_[i], logits[i], batch.rows[i], options_.temperature);
      losses.push_back(loss.detach());
      const at::Tensor weighted = loss * sources_[i].weight;
      total = total.defined() ? total + weighted : weighted;
    }
    Descend(total, step);
    return at::stack(losses);
  }

  void Record(int64_t step, const at::Tensor& losses) {
    const at::Tensor values = losses.to(at::kCPU, at::kDouble);
    std::vector<std::string> texts;
    bool finite = true;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const double value = values[static_cast<int64_t>(i)].item<double>();
      state_.losses[step][SourceColumn(sources_[i].name)] = value;
      finite = finite && std::isfinite(value);
      texts.push_back(sources_[i].name + " " + std::to_string(value));
    }
    if (finite) return;
    Fail(ExitCode::kInternal, "distill: step " + std::to_string(step) + ": a loss is not finite (" + Join(texts, ", ") +
                                  "); the learning rate is " + std::to_string(DistillLearningRate(options_, step)) +
                                  ". Try a smaller --distill.learning-rate.");
  }

 private:
  void CheckSources() const {
    TINT_CHECK(!sources_.empty());
    TINT_CHECK_GE(options_.batch_size, static_cast<int64_t>(sources_.size()));
    for (const DistillSource& source : sources_) {
      SourceColumn(source.name);
      CheckShape(source.images, {-1, 3, -1, -1}, source.name);
      CheckDtype(source.images, at::kByte, source.name);
      TINT_CHECK_GT(source.images.size(0), 0) << source.name;
      TINT_CHECK_NE(source.labels.defined(), source.logits.defined()) << source.name;
      if (source.labels.defined()) CheckShape(source.labels, {source.images.size(0)}, source.name + " labels");
      if (source.logits.defined()) CheckShape(source.logits, {source.images.size(0), -1}, source.name + " logits");
    }
  }

  void PrepareState() {
    if (!state_.losses.defined()) {
      state_.losses = at::full({options_.steps, 3}, std::numeric_limits<double>::quiet_NaN(), at::kFloat);
    }
    CheckShape(state_.losses, {options_.steps, 3}, "losses");
    state_.student.SetRequiresGrad(true);
    PrepareMomenta(state_.student, &state_.momenta);
  }

  bool IsFrozen(const std::string& parameter) const {
    const auto& first = FirstConvolution();
    return options_.freeze_first_conv && std::any_of(first.begin(), first.end(), [&](const std::string& name) {
             return parameter == "backbone." + name;
           });
  }

  // The logits of each source, in train mode.
  std::vector<at::Tensor> Logits(const at::Tensor& images, const internal::DistillBatch& batch) {
    state_.student.SetTraining(true);
    fused_.SetTraining(true);
    std::vector<int64_t> rows;
    for (const at::Tensor& source_rows : batch.rows) rows.push_back(source_rows.size(0));
    const Autocast autocast(device_, bfloat16_);
    const auto forward = [&](const at::Tensor& part) { return fused_.Call("forward", {part}).to(at::kFloat); };
    if (options_.batch_norm == BatchStatistics::kShared) return forward(images).split_with_sizes(rows);
    const std::vector<at::Tensor> parts = images.split_with_sizes(rows);
    std::vector<at::Tensor> logits(parts.size());
    const size_t first = RunningStatsSource();
    logits[first] = forward(parts[first]);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (i == first) continue;
      const internal::BatchNormStatsGuard guard(state_.student);
      logits[i] = forward(parts[i]);
    }
    return logits;
  }

  // The source that the running statistics follow (docs/method.md, Distillation).
  size_t RunningStatsSource() const {
    for (const char* name : {"base", "synthetic"}) {
      for (size_t i = 0; i < sources_.size(); ++i) {
        if (sources_[i].name == name) return i;
      }
    }
    return 0;
  }

  void Descend(const at::Tensor& loss, int64_t step) {
    const double backbone_rate = DistillLearningRate(options_, step);
    const double linear_rate = DistillClassifierLearningRate(options_, step);
    // Parameters without a module prefix are those of the linear layer, the others those of the backbone.
    const auto rate = [&](const std::string& name) {
      if (IsFrozen(name)) return -1.0;
      return name.find('.') == std::string::npos ? linear_rate : backbone_rate;
    };
    SgdStep(loss, {{&state_.student, &state_.momenta, rate}}, {options_.momentum, options_.weight_decay});
  }

  const std::vector<DistillSource>& sources_;
  const DistillOptions& options_;
  const std::vector<double>&mean_, &std_;
  DistillState& state_;
  ScriptModule fused_;
  c10::Device device_;
  bool bfloat16_;
};

}  // namespace

void RunDistill(const std::vector<DistillSource>& sources, const DistillOptions& options,
                const std::vector<double>& mean, const std::vector<double>& std, const DistillStreams& streams,
                DistillState* state, const std::function<void(const DistillState&)>& after_step) {
  Distiller distiller(sources, options, mean, std, state);
  internal::BatchMaker batches(sources, options, streams);
  internal::DistillBatch batch;
  if (state->step < options.steps) batch = batches.Make(state->step);
  while (state->step < options.steps) {
    // Seeds the student's own random numbers (dropout) by the step only.
    at::manual_seed(
        RandomStream({streams.seed, "distill/drop", streams.episode_idx, 0, static_cast<uint64_t>(state->step)})
            .Bits64());
    const at::Tensor losses = distiller.Step(state->step, batch);
    // Reading the losses waits for the GPU, which computes while the processor makes the next batch.
    if (state->step + 1 < options.steps) batch = batches.Make(state->step + 1);
    distiller.Record(state->step, losses);
    ++state->step;
    if (after_step) after_step(*state);
  }
  for (const auto& [name, parameter] : state->student.Parameters()) CheckFinite(parameter, "the student's " + name);
  for (const auto& [name, buffer] : state->student.Buffers()) CheckFinite(buffer, "the student's " + name);
  state->student.SetTraining(false);
}

}  // namespace tint

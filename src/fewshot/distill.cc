#include "tint/fewshot/distill.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "distill_batch.h"
#include "source_loss.h"
#include "tint/base/error.h"
#include "tint/base/switch_off.h"
#include "tint/base/text.h"
#include "tint/fewshot/student.h"
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
      : sources_(sources), options_(options), mean_(mean), std_(std), state_(*state), device_(state->student.device()) {
    CheckSources();
    PrepareState();
  }

  // One step of SGD; the losses of the sources, not weighted, still on the device.
  at::Tensor Step(int64_t step, const internal::DistillBatch& batch) {
    state_.student.SetTraining(true);
    const at::Tensor logits =
        state_.student.Call("forward", {internal::PrepareForStudent(batch.images.to(device_), mean_, std_)});
    std::vector<at::Tensor> losses;
    at::Tensor total;
    int64_t first = 0;
    for (size_t i = 0; i < sources_.size(); ++i) {
      const int64_t rows = batch.rows[i].size(0);
      const at::Tensor loss =
          internal::SourceLoss(sources_[i], logits.narrow(0, first, rows), batch.rows[i], options_.temperature);
      first += rows;
      losses.push_back(loss.detach());
      const at::Tensor weighted = loss * Weight(sources_[i]);
      total = total.defined() ? total + weighted : weighted;
    }
    if (!SwitchedOff(Mathematics::kStudentStep)) Descend(total, step);
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
    TINT_CHECK_GE(options_.batch, static_cast<int64_t>(sources_.size()));
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
    for (const auto& [name, parameter] : state_.student.Parameters()) {
      at::Tensor& momentum = state_.momenta[name];
      if (state_.step == 0 && !momentum.defined()) momentum = at::zeros_like(parameter.detach());
      CheckShape(momentum, parameter.sizes(), "momentum of " + name);
      momentum = momentum.to(parameter.device());
    }
  }

  double Weight(const DistillSource& source) const {
    const Mathematics piece = source.labels.defined() ? Mathematics::kSupportLoss : Mathematics::kDistillationLoss;
    return SwitchedOff(piece) ? 0 : source.weight;
  }

  bool IsFrozen(const std::string& parameter) const {
    const auto& first = FirstConvolution();
    return options_.freeze_first_conv && std::any_of(first.begin(), first.end(), [&](const std::string& name) {
             return parameter == "backbone." + name;
           });
  }

  // torch.optim.SGD without dampening and Nesterov: d = g + wd p; m = mu m + d; p = p - lr m.
  void Descend(const at::Tensor& loss, int64_t step) {
    const auto parameters = state_.student.Parameters();
    std::vector<at::Tensor> tensors;
    for (const auto& [name, parameter] : parameters) tensors.push_back(parameter);
    const auto gradients = torch::autograd::grad({loss}, tensors, {}, std::nullopt, false, /*allow_unused=*/true);
    const c10::NoGradGuard no_grad;
    const double backbone_rate = DistillLearningRate(options_, step);
    const double linear_rate = DistillClassifierLearningRate(options_, step);
    for (size_t i = 0; i < parameters.size(); ++i) {
      const std::string& name = parameters[i].first;
      if (!gradients[i].defined() || IsFrozen(name)) continue;
      at::Tensor& momentum = state_.momenta[name];
      momentum.mul_(options_.momentum).add_(gradients[i].add(tensors[i], options_.weight_decay));
      // The linear layer's parameters are the classifier's own, the others its backbone's.
      tensors[i].add_(momentum, name.find('.') == std::string::npos ? -linear_rate : -backbone_rate);
    }
  }

  const std::vector<DistillSource>& sources_;
  const DistillOptions& options_;
  const std::vector<double>&mean_, &std_;
  DistillState& state_;
  c10::Device device_;
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

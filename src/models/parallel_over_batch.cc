// SPDX-License-Identifier: Apache-2.0
#include "parallel_over_batch.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros_like.h>
#include <ATen/record_function.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "tint/base/parallel.h"

namespace tint::internal {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// First sample and number of samples of a part; the first parts take what does not divide evenly.
std::pair<int64_t, int64_t> PartOf(int64_t part, int64_t parts, int64_t batch) {
  const int64_t least = batch / parts, more = batch % parts;
  return {part * least + std::min(part, more), least + (part < more ? 1 : 0)};
}

at::Tensor Slice(const at::Tensor& tensor, int64_t part, int64_t parts) {
  const auto [first, count] = PartOf(part, parts, tensor.size(0));
  return tensor.narrow(0, first, count);
}

// A part's graph, from separate leaves, kept until the backward pass.
struct Part {
  std::vector<at::Tensor> inputs;
  at::Tensor output;
};

struct Parts : torch::CustomClassHolder {
  explicit Parts(int64_t count) : all(static_cast<size_t>(count)) {}
  std::vector<Part> all;
};

void RunForward(Part* part, const BatchFunction& function) {
  const at::AutoGradMode with_graph(true);
  part->output = function(part->inputs);
}

// Gradients with respect to the part's inputs; undefined where none is needed.
variable_list RunBackward(Part* part, const at::Tensor& gradient) {
  variable_list needed, gradients(part->inputs.size());
  for (const at::Tensor& input : part->inputs) {
    if (input.requires_grad()) needed.push_back(input);
  }
  variable_list found;
  if (part->output.requires_grad())
    found = torch::autograd::grad({part->output}, needed, {gradient}, std::nullopt, false, true);
  for (size_t i = 0, next = 0; i < gradients.size(); ++i) {
    if (!part->inputs[i].requires_grad()) continue;
    if (!found.empty()) gradients[i] = found[next++];
    if (!gradients[i].defined()) gradients[i] = at::zeros_like(part->inputs[i]);
  }
  *part = {};  // as LibTorch frees a used graph
  return gradients;
}

class ParallelFunction : public torch::autograd::Function<ParallelFunction> {
 public:
  static at::Tensor forward(AutogradContext* context, const BatchFunction* function, at::TensorList inputs,
                            int64_t parts) {
    auto all = c10::make_intrusive<Parts>(parts);
    for (int64_t i = 0; i < parts; ++i) {
      for (const at::Tensor& input : inputs)
        all->all[i].inputs.push_back(Slice(input.detach(), i, parts).requires_grad_(input.requires_grad()));
    }
    ParallelFor(parts, static_cast<int>(parts), [&](int64_t i) { RunForward(&all->all[i], *function); });
    std::vector<at::Tensor> outputs;
    for (const Part& part : all->all) outputs.push_back(part.output.detach());
    context->saved_data["parts"] = c10::IValue::make_capsule(std::move(all));
    return at::cat(outputs);
  }

  static variable_list backward(AutogradContext* context, const variable_list& output_gradients) {
    const auto all = c10::static_intrusive_pointer_cast<Parts>(context->saved_data["parts"].toCapsule());
    const int64_t parts = static_cast<int64_t>(all->all.size());
    std::vector<variable_list> found(all->all.size());
    ParallelFor(parts, static_cast<int>(parts),
                [&](int64_t i) { found[i] = RunBackward(&all->all[i], Slice(output_gradients[0], i, parts)); });
    variable_list gradients(found[0].size() + 2);  // one for each argument of forward
    for (size_t input = 0; input < found[0].size(); ++input) {
      std::vector<at::Tensor> slices;
      for (const variable_list& part : found) slices.push_back(part[input]);
      if (slices[0].defined()) gradients[input + 1] = at::cat(slices);
    }
    return gradients;
  }
};

bool NeedsGradient(const std::vector<at::Tensor>& inputs) {
  return c10::GradMode::is_enabled() &&
         std::any_of(inputs.begin(), inputs.end(), [](const at::Tensor& input) { return input.requires_grad(); });
}

int64_t PartsHere(const std::vector<at::Tensor>& inputs) {
  if (inputs.empty() || at::in_parallel_region() || at::hasThreadLocalCallbacks()) return 1;
  const int64_t batch = inputs[0].dim() > 0 ? inputs[0].size(0) : 1;
  const bool alike = std::all_of(inputs.begin(), inputs.end(), [&](const at::Tensor& input) {
    return input.device().is_cpu() && input.dim() > 0 && input.size(0) == batch;
  });
  return alike ? NumShards(batch, at::get_num_threads()) : 1;
}

}  // namespace

int64_t NumShards(int64_t batch, int64_t threads) {
  if (threads < 2 || batch < threads) return 1;
  // Share of the threads' time that is used while the fullest part is computed.
  const int64_t fullest = (batch + threads - 1) / threads;
  const double used = static_cast<double>(batch) / static_cast<double>(fullest * threads);
  return used >= 0.6 ? threads : 1;
}

at::Tensor ParallelOverBatch(const std::vector<at::Tensor>& inputs, const BatchFunction& function) {
  const int64_t parts = PartsHere(inputs);
  if (parts == 1) return function(inputs);
  if (NeedsGradient(inputs)) return ParallelFunction::apply(&function, at::TensorList(inputs), parts);
  std::vector<at::Tensor> outputs(static_cast<size_t>(parts));
  ParallelFor(parts, static_cast<int>(parts), [&](int64_t i) {
    std::vector<at::Tensor> slices;
    for (const at::Tensor& input : inputs) slices.push_back(Slice(input, i, parts));
    outputs[i] = function(slices);
  });
  return at::cat(outputs);
}

}  // namespace tint::internal

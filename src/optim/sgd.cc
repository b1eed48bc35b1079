// SPDX-License-Identifier: Apache-2.0
#include "tint/optim/sgd.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include <vector>

#include "tint/tensor/checks.h"

namespace tint {

void PrepareMomenta(const ScriptModule& module, Momenta* momenta) {
  for (const auto& [name, parameter] : module.Parameters()) {
    at::Tensor& momentum = (*momenta)[name];
    if (!momentum.defined()) momentum = at::zeros_like(parameter.detach());
    CheckShape(momentum, parameter.sizes(), "momentum of " + name);
    momentum = momentum.to(parameter.device());
  }
}

void SgdStep(const at::Tensor& loss, const std::vector<SgdGroup>& groups, const SgdOptions& options) {
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor*> momenta;
  std::vector<double> rates;
  for (const SgdGroup& group : groups) {
    for (const auto& [name, parameter] : group.module->Parameters()) {
      const double rate = group.rate(name);
      if (rate < 0) continue;  // frozen: its gradient is not computed
      parameters.push_back(parameter);
      momenta.push_back(&group.momenta->at(name));
      rates.push_back(rate);
    }
  }
  const auto gradients = torch::autograd::grad({loss}, parameters, {}, std::nullopt, false, /*allow_unused=*/true);
  const c10::NoGradGuard no_grad;
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!gradients[i].defined()) continue;
    momenta[i]->mul_(options.momentum).add_(gradients[i].add(parameters[i], options.weight_decay));
    parameters[i].add_(*momenta[i], -rates[i]);
  }
}

}  // namespace tint

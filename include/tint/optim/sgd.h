// SPDX-License-Identifier: Apache-2.0
// Stochastic gradient descent as torch.optim.SGD has it, without dampening and Nesterov:
//   d = gradient + weight_decay p;  m = momentum m + d;  p = p - rate m
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <map>
#include <string>

#include "tint/models/script_module.h"

namespace tint {

using Momenta = std::map<std::string, at::Tensor>;  // by parameter name

struct SgdOptions {
  double momentum = 0.9;
  double weight_decay = 5e-4;
};

// Zeros where `momenta` has none of a parameter; all on the parameters' devices. Another shape: a failed check.
void PrepareMomenta(const ScriptModule& module, Momenta* momenta);

// One gradient step on `loss` for each module, whose parameters need gradients. `rate(name)` is the learning rate of a
// parameter; below 0: it stays, and so does its momentum. Parameters that the loss does not depend on stay too.
struct SgdGroup {
  const ScriptModule* module;
  Momenta* momenta;
  std::function<double(const std::string& name)> rate;
};
void SgdStep(const at::Tensor& loss, const std::vector<SgdGroup>& groups, const SgdOptions& options);

}  // namespace tint

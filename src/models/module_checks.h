// SPDX-License-Identifier: Apache-2.0
// What the typed modules share: calls with checked results, and checks that collect every problem.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/models/script_module.h"

namespace tint::internal {

// Floating-point inputs are cast to the module's dtype, the result to `result_dtype`. `shape` has -1 for any size; a
// result of another shape or kind is Error(kBadInput) naming file and method.
at::Tensor CheckedCall(const ScriptModule& module, const std::string& method, std::vector<at::Tensor> inputs,
                       const std::vector<int64_t>& shape, at::ScalarType result_dtype);

// Calls methods of a module and collects their problems.
class ModuleChecker {
 public:
  explicit ModuleChecker(const ScriptModule& module) : module_(module) {}
  // The result (float32), or an undefined tensor if something was wrong: no such method, an exception, another shape or
  // kind, values that are not finite.
  at::Tensor Try(const std::string& method, const std::vector<at::Tensor>& inputs, const std::vector<int64_t>& shape);
  // Error(kBadInput) that lists the problems, if there are any.
  void Finish() const;

 private:
  const ScriptModule& module_;
  std::vector<std::string> problems_;
};

}  // namespace tint::internal

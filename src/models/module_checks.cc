// SPDX-License-Identifier: Apache-2.0
#include "module_checks.h"

#include <c10/core/GradMode.h>

#include "parallel_over_batch.h"
#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/tensor/checks.h"

namespace tint::internal {
namespace {

std::string ShapeText(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(size < 0 ? "any" : std::to_string(size));
  return "[" + Join(sizes, ", ") + "]";
}

bool HasShape(const at::Tensor& tensor, const std::vector<int64_t>& shape) {
  if (tensor.dim() != static_cast<int64_t>(shape.size())) return false;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] >= 0 && tensor.size(static_cast<int64_t>(i)) != shape[i]) return false;
  }
  return true;
}

at::Tensor CallPart(const ScriptModule& module, const std::string& method, const std::vector<at::Tensor>& inputs,
                    std::vector<int64_t> shape) {
  shape[0] = inputs[0].size(0);
  const at::Tensor result = module.Call(method, inputs);
  if (!HasShape(result, shape) || !result.is_floating_point()) {
    Fail(ExitCode::kBadInput, {.file = module.file(),
                               .field = method,
                               .found = "gave " + DescribeTensor(result),
                               .expected = "floating-point numbers of shape " + ShapeText(shape)});
  }
  return result;
}

void CastTo(at::ScalarType dtype, std::vector<at::Tensor>* inputs) {
  for (at::Tensor& input : *inputs) {
    if (input.is_floating_point()) input = input.to(dtype);
  }
}

}  // namespace

at::Tensor CheckedCall(const ScriptModule& module, const std::string& method, std::vector<at::Tensor> inputs,
                       const std::vector<int64_t>& shape, at::ScalarType result_dtype) {
  CastTo(module.dtype(), &inputs);
  auto call = [&](const std::vector<at::Tensor>& part) { return CallPart(module, method, part, shape); };
  return ParallelOverBatch(inputs, call).to(result_dtype);
}

at::Tensor ModuleChecker::Try(const std::string& method, const std::vector<at::Tensor>& inputs,
                              const std::vector<int64_t>& shape) {
  if (!module_.HasMethod(method)) {
    problems_.push_back("has no method " + method);
    return {};
  }
  try {
    const c10::NoGradGuard no_grad;
    std::vector<at::Tensor> cast = inputs;
    CastTo(module_.dtype(), &cast);
    const at::Tensor result = CallPart(module_, method, cast, shape).to(at::kFloat);  // whole: messages name its shape
    CheckFinite(result, module_.file() + ": " + method);
    return result;
  } catch (const Error& error) {
    if (error.code() == ExitCode::kOutOfMemory) throw;
    std::string what = error.what();  // without the file's name, which Finish adds once
    const std::string prefix = Quote(module_.file()) + ": ";
    problems_.push_back(what.rfind(prefix, 0) == 0 ? what.substr(prefix.size()) : what);
    return {};
  }
}

void ModuleChecker::Finish() const {
  if (problems_.empty()) return;
  Fail(ExitCode::kBadInput, {.file = module_.file(),
                             .found = Join(problems_, "; "),
                             .remedy = "Export the model again with scripts/export_models.py."});
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/checks.h"

#include <ATen/ops/isfinite.h>
#include <ATen/ops/sum.h>

#include <sstream>

#include "tint/base/error.h"
#include "tint/tensor/dtype.h"

namespace tint {
namespace {

std::string ShapeText(c10::IntArrayRef shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    text += (i ? ", " : "") + (shape[i] < 0 ? std::string("any") : std::to_string(shape[i]));
  }
  return text + "]";
}

[[noreturn]] void FailTensor(const at::Tensor& tensor, const std::string& name, const std::string& expected) {
  Fail(ExitCode::kInternal, {.field = name, .found = "is " + DescribeTensor(tensor), .expected = expected});
}

}  // namespace

void CheckShape(const at::Tensor& tensor, c10::IntArrayRef shape, const std::string& name) {
  bool same = tensor.defined() && tensor.dim() == static_cast<int64_t>(shape.size());
  for (size_t i = 0; same && i < shape.size(); ++i) {
    same = shape[i] < 0 || tensor.size(static_cast<int64_t>(i)) == shape[i];
  }
  if (!same) FailTensor(tensor, name, "the shape " + ShapeText(shape));
}

void CheckDtype(const at::Tensor& tensor, at::ScalarType dtype, const std::string& name) {
  if (!tensor.defined() || tensor.scalar_type() != dtype) FailTensor(tensor, name, DtypeName(dtype));
}

void CheckFinite(const at::Tensor& tensor, const std::string& what) {
  TINT_CHECK(tensor.defined()) << what;
  const int64_t finite = at::sum(at::isfinite(tensor)).item<int64_t>();
  if (finite == tensor.numel()) return;
  Fail(ExitCode::kInternal, what + ": " + std::to_string(tensor.numel() - finite) + " of " +
                                std::to_string(tensor.numel()) + " values are not finite (" + DescribeTensor(tensor) +
                                ")");
}

std::string DescribeTensor(const at::Tensor& tensor) {
  if (!tensor.defined()) return "undefined";
  return DtypeName(tensor.scalar_type()) + " " + ShapeText(tensor.sizes()) + " " + tensor.device().str();
}

}  // namespace tint

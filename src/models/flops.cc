// SPDX-License-Identifier: Apache-2.0
#include "tint/models/flops.h"

#include <ATen/core/Tensor.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "tint/base/error.h"

namespace tint {
namespace {

using Inputs = c10::ArrayRef<const c10::IValue>;

int64_t Product(c10::IntArrayRef sizes) {
  int64_t product = 1;
  for (const int64_t size : sizes) product *= size;
  return product;
}

// Arguments: input, weight, bias, stride, padding, dilation, transposed, output padding, groups.
int64_t ConvolutionMacs(Inputs inputs) {
  const at::Tensor input = inputs[0].toTensor(), weight = inputs[1].toTensor();
  if (inputs[6].toBool()) return Product(input.sizes()) * Product(weight.sizes().slice(1));
  const auto stride = inputs[3].toIntVector(), padding = inputs[4].toIntVector(), dilation = inputs[5].toIntVector();
  const size_t dims = weight.dim() - 2;
  int64_t positions = input.size(0);
  for (size_t i = 0; i < dims; ++i) {
    auto at = [i](const std::vector<int64_t>& values) { return values[values.size() == 1 ? 0 : i]; };
    const int64_t reach = at(dilation) * (weight.size(i + 2) - 1) + 1;
    positions *= (input.size(i + 2) + 2 * at(padding) - reach) / at(stride) + 1;
  }
  return positions * Product(weight.sizes());
}

// [..., n, k] times [..., k, m], arguments number `a` and `b`.
int64_t ProductMacs(Inputs inputs, size_t a, size_t b) {
  return Product(inputs[a].toTensor().sizes()) * inputs[b].toTensor().size(-1);
}

// query [..., L, E], key [..., S, E], value [..., S, V]: scores and weighted values.
int64_t AttentionMacs(Inputs inputs) {
  const at::Tensor query = inputs[0].toTensor(), key = inputs[1].toTensor(), value = inputs[2].toTensor();
  const int64_t rows = Product(query.sizes()) / query.size(-1);
  return rows * key.size(-2) * (query.size(-1) + value.size(-1));
}

int64_t Macs(const std::string& name, Inputs inputs) {
  // Traced modules call the second.
  if (name == "aten::convolution" || name == "aten::_convolution") return ConvolutionMacs(inputs);
  if (name == "aten::mm" || name == "aten::bmm") return ProductMacs(inputs, 0, 1);
  if (name == "aten::addmm" || name == "aten::baddbmm") return ProductMacs(inputs, 1, 2);
  if (name == "aten::mv") return Product(inputs[0].toTensor().sizes());
  if (name == "aten::addmv") return Product(inputs[1].toTensor().sizes());
  if (name == "aten::scaled_dot_product_attention") return AttentionMacs(inputs);
  return 0;
}

// LibTorch takes plain functions as callbacks, so the counter cannot be captured.
struct Counter {
  int64_t macs = 0;
  int inside = 0;  // operators already counted that are still running: what they call is part of them
};
thread_local Counter counter;

struct Counted : at::ObserverContext {};

// TorchScript's interpreter passes its whole stack, whose last entries are the operator's arguments.
Inputs ArgumentsOf(const at::RecordFunction& function) {
  const Inputs shown = function.inputs();
  const size_t own = std::min(shown.size(), function.num_inputs());
  return shown.slice(shown.size() - own);
}

std::unique_ptr<at::ObserverContext> OnStart(const at::RecordFunction& function) {
  if (counter.inside == 0) {
    const int64_t macs = Macs(function.name(), ArgumentsOf(function));
    counter.macs += macs;
    if (macs == 0) return nullptr;
  }
  ++counter.inside;
  return std::make_unique<Counted>();
}

void OnEnd(const at::RecordFunction& /*function*/, at::ObserverContext* context) {
  if (context) --counter.inside;
}

class Registration {
 public:
  Registration()
      : handle_(at::addThreadLocalCallback(
            at::RecordFunctionCallback(OnStart, OnEnd).needsInputs(true).scopes({at::RecordScope::FUNCTION}))) {}
  ~Registration() { at::removeCallback(handle_); }

 private:
  at::CallbackHandle handle_;
};

}  // namespace

int64_t CountFlops(const std::function<void()>& action) {
  counter = {};
  const Registration registration;
  action();
  TINT_CHECK_EQ(counter.inside, 0);
  return 2 * counter.macs;
}

}  // namespace tint

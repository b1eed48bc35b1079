// SPDX-License-Identifier: Apache-2.0
#include "tint/optim/adam.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <cmath>

#include "tint/base/error.h"

namespace tint {

void AdamStep(at::Tensor& value, const at::Tensor& gradient, at::Tensor& first_moment, at::Tensor& second_moment,
              int64_t step, const AdamOptions& options, const at::Tensor& active) {
  TINT_CHECK(value.sizes() == gradient.sizes()) << "value and gradient";
  TINT_CHECK_GE(step, 1);
  c10::NoGradGuard no_grad;
  const at::Tensor m = options.beta1 * first_moment + (1 - options.beta1) * gradient;
  const at::Tensor v = options.beta2 * second_moment + (1 - options.beta2) * gradient * gradient;
  const double correction1 = 1 - std::pow(options.beta1, static_cast<double>(step));
  const double correction2 = 1 - std::pow(options.beta2, static_cast<double>(step));
  const at::Tensor decayed = value * (1 - options.learning_rate * options.weight_decay);
  const at::Tensor moved =
      decayed - (options.learning_rate / correction1) * m / ((v / correction2).sqrt() + options.epsilon);
  if (!active.defined()) {
    value = moved;
    first_moment = m;
    second_moment = v;
    return;
  }
  std::vector<int64_t> shape(static_cast<size_t>(value.dim()), 1);
  shape[0] = value.size(0);
  const at::Tensor rows = active.reshape(shape);
  value = at::where(rows, moved, value);
  first_moment = at::where(rows, m, first_moment);
  second_moment = at::where(rows, v, second_moment);
}

}  // namespace tint

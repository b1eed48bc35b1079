// SPDX-License-Identifier: Apache-2.0
#include "tint/image/psnr.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "tint/base/error.h"

namespace tint {

double Psnr(const at::Tensor& a, const at::Tensor& b) {
  TINT_CHECK(a.sizes() == b.sizes()) << "images of different shapes";
  constexpr double kCap = 100;
  const double error = (a.to(at::kDouble) - b.to(at::kDouble)).square().mean().item<double>();
  return error <= 0 ? kCap : std::min(kCap, -10 * std::log10(error));
}

}  // namespace tint

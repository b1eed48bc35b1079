// SPDX-License-Identifier: Apache-2.0
#include "tensor_matchers.h"

#include <ATen/ATen.h>

namespace tint::testing {
namespace {

class TensorNearMatcher : public ::testing::MatcherInterface<const at::Tensor&> {
 public:
  TensorNearMatcher(const at::Tensor& expected, double atol, double rtol)
      : expected_(expected.detach().cpu()), atol_(atol), rtol_(rtol) {}

  bool MatchAndExplain(const at::Tensor& actual_in, ::testing::MatchResultListener* why) const override {
    if (!actual_in.defined()) {
      *why << "tensor is undefined";
      return false;
    }
    const at::Tensor actual = actual_in.detach().cpu();
    if (actual.sizes() != expected_.sizes()) {
      *why << "shape " << actual.sizes() << ", expected " << expected_.sizes();
      return false;
    }
    if (actual.scalar_type() != expected_.scalar_type()) {
      *why << "dtype " << actual.scalar_type() << ", expected " << expected_.scalar_type();
      return false;
    }
    const at::Tensor a = actual.to(at::kDouble).reshape({-1});
    const at::Tensor e = expected_.to(at::kDouble).reshape({-1});
    const at::Tensor error = (a - e).abs();
    const at::Tensor good = (error <= atol_ + rtol_ * e.abs()).logical_or(a == e);  // NaN compares false
    const at::Tensor where = good.logical_not().nonzero();
    if (where.size(0) == 0) return true;
    int64_t flat = where[0][0].item<int64_t>();
    *why << where.size(0) << " of " << a.numel() << " elements differ; first at [";
    std::vector<int64_t> index(static_cast<size_t>(actual.dim()));
    int64_t rest = flat;
    for (int64_t d = actual.dim() - 1; d >= 0; --d) {
      index[static_cast<size_t>(d)] = rest % actual.size(d);
      rest /= actual.size(d);
    }
    for (size_t d = 0; d < index.size(); ++d) *why << (d ? ", " : "") << index[d];
    *why << "]: " << a[flat].item<double>() << " against " << e[flat].item<double>() << "; largest error "
         << error.max().item<double>();
    return false;
  }
  void DescribeTo(std::ostream* out) const override {
    *out << "is within atol " << atol_ << " + rtol " << rtol_ << " of the expected tensor";
  }

 private:
  at::Tensor expected_;
  double atol_, rtol_;
};

}  // namespace

::testing::Matcher<const at::Tensor&> TensorNear(const at::Tensor& expected, double atol, double rtol) {
  return ::testing::MakeMatcher(new TensorNearMatcher(expected, atol, rtol));
}

::testing::Matcher<const at::Tensor&> TensorEquals(const at::Tensor& expected) { return TensorNear(expected, 0); }

}  // namespace tint::testing

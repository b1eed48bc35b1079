// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/checks.h"

#include <ATen/ATen.h>

#include <cmath>

#include "prelude.h"

namespace tint {
namespace {

TEST(DescribeTensor, ShowsDtypeShapeAndDevice) {
  EXPECT_EQ(DescribeTensor(at::zeros({2, 3, 84, 84})), "float32 [2, 3, 84, 84] cpu");
  EXPECT_EQ(DescribeTensor(at::zeros({}, at::kLong)), "int64 [] cpu");
  EXPECT_EQ(DescribeTensor(at::zeros({0}, at::kBFloat16)), "bfloat16 [0] cpu");
  EXPECT_EQ(DescribeTensor(at::Tensor()), "undefined");
}

TEST(CheckShape, AcceptsAnySizeForMinusOne) {
  CheckShape(at::zeros({2, 3}), {2, 3}, "latents");
  CheckShape(at::zeros({2, 3}), {-1, 3}, "latents");
  CheckShape(at::zeros({}), {}, "latents");
  for (const at::Tensor& bad : {at::zeros({2, 4}), at::zeros({3}), at::zeros({2, 3, 1}), at::Tensor()}) {
    EXPECT_THAT(CatchError([&] {
                  CheckShape(bad, {-1, 3}, "latents");
                }),
                FailsWith(ExitCode::kInternal, AllOf(HasSubstr("latents: is "), HasSubstr("the shape [any, 3]"))));
  }
}

TEST(CheckDtype, NamesBoth) {
  CheckDtype(at::zeros({2}, at::kHalf), at::kHalf, "latents");
  EXPECT_THAT(CatchError([] { CheckDtype(at::zeros({2}), at::kHalf, "latents"); }),
              FailsWith(ExitCode::kInternal, "latents: is float32 [2] cpu; expected float16"));
  EXPECT_EQ(CatchError([] { CheckDtype(at::Tensor(), at::kHalf, "x"); }).code(), ExitCode::kInternal);
}

TEST(CheckFinite, CountsWhatIsNot) {
  CheckFinite(at::ones({3}), "loss");
  CheckFinite(at::ones({3}, at::kLong), "counts");
  CheckFinite(at::ones({0}), "nothing");
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16, at::kHalf, at::kDouble}) {
      at::Tensor values = at::ones({2, 3}, dtype);
      values[1][2] = bad;
      EXPECT_THAT(CatchError([&] { CheckFinite(values, "the loss of class 3"); }),
                  FailsWith(ExitCode::kInternal, HasSubstr("the loss of class 3: 1 of 6 values are not finite")));
    }
  }
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/dtype.h"

#include <ATen/ATen.h>

#include "prelude.h"

namespace tint {
namespace {

TEST(Dtype, NamesAndDtypesAreInverse) {
  for (const char* name : {"float32", "bfloat16", "float16"}) EXPECT_EQ(DtypeName(ParseDtype(name)), name);
  EXPECT_EQ(DtypeName(at::kLong), "int64");
  EXPECT_THAT(CatchError([] { ParseDtype("float61"); }),
              FailsWith(ExitCode::kUsage, HasSubstr("Did you mean 'float16'?")));
  EXPECT_EQ(CatchError([] { ParseDtype("float64"); }).code(), ExitCode::kUsage);
}

}  // namespace
}  // namespace tint

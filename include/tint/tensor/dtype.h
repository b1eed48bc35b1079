// SPDX-License-Identifier: Apache-2.0
// Names of dtypes.
#pragma once

#include <c10/core/ScalarType.h>

#include <string>

namespace tint {

// The dtypes that can be computed in: "float32", "bfloat16", "float16". Others: Error(kUsage).
c10::ScalarType ParseDtype(const std::string& name);
// Of any dtype: "float32", "int64", ...
std::string DtypeName(c10::ScalarType dtype);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/tensor/dtype.h"

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

struct NamedDtype {
  const char* name;
  c10::ScalarType dtype;
};
constexpr NamedDtype kComputeDtypes[] = {
    {"float32", c10::ScalarType::Float}, {"bfloat16", c10::ScalarType::BFloat16}, {"float16", c10::ScalarType::Half}};
constexpr NamedDtype kOtherDtypes[] = {{"float64", c10::ScalarType::Double}, {"bool", c10::ScalarType::Bool},
                                       {"uint8", c10::ScalarType::Byte},     {"int8", c10::ScalarType::Char},
                                       {"int16", c10::ScalarType::Short},    {"int32", c10::ScalarType::Int},
                                       {"int64", c10::ScalarType::Long}};

}  // namespace

c10::ScalarType ParseDtype(const std::string& name) {
  for (const NamedDtype& known : kComputeDtypes) {
    if (name == known.name) return known.dtype;
  }
  Fail(ExitCode::kUsage, {.field = "dtype",
                          .found = "is " + Quote(name),
                          .expected = "float32, bfloat16 or float16",
                          .remedy = DidYouMean(name, {"float32", "bfloat16", "float16"})});
}

std::string DtypeName(c10::ScalarType dtype) {
  for (const NamedDtype& known : kComputeDtypes) {
    if (dtype == known.dtype) return known.name;
  }
  for (const NamedDtype& known : kOtherDtypes) {
    if (dtype == known.dtype) return known.name;
  }
  return c10::toString(dtype);
}

}  // namespace tint

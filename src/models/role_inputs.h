// SPDX-License-Identifier: Apache-2.0
// Synthetic inputs of a role's methods, the same in every language (model_set.h, ProbeResult).
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/models/model_set.h"

namespace tint::internal {

struct InputSpec {
  std::vector<int64_t> shape;
  bool integers = false;
  double low = 0, high = 1;
};

struct MethodSpec {
  std::string method;
  std::vector<InputSpec> inputs;
  std::vector<int64_t> result;  // -1 = any
};

enum class InputSize {
  kSmall,  // as small as the role allows: for checks and probes
  kFull    // one sample of the size in the facts: for counting arithmetic
};

std::vector<MethodSpec> RoleMethods(const ModelSet& set, const std::string& role, InputSize size);

at::Tensor MakeInput(const InputSpec& spec);
Json ToJson(const InputSpec& spec);

}  // namespace tint::internal

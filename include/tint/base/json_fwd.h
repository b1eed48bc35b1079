// SPDX-License-Identifier: Apache-2.0
// The name of a JSON value, for headers that only pass it on. json.h has the rest.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace tint {

using Json = nlohmann::ordered_json;  // members keep their order

}  // namespace tint

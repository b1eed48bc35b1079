// SPDX-License-Identifier: Apache-2.0
// RFC 4648, with padding: bytes inside a data: URI.
#pragma once

#include <string>
#include <string_view>

namespace tint {

std::string Base64(std::string_view bytes);

}  // namespace tint

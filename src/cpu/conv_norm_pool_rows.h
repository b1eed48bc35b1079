// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tint {

// Two rows of an image that are pooled into one, [2, width, channels].
struct RowPair {
  int64_t width, channels;
  float slope;
};

}  // namespace tint

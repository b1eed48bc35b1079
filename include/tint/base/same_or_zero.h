// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tint {

// value(element) where it is one number for all elements; 0 where it is not, or there are none.
template <class Elements, class Value>
int64_t SameOrZero(const Elements& elements, const Value& value) {
  int64_t same = 0;
  bool first = true;
  for (const auto& element : elements) {
    const auto own = static_cast<int64_t>(value(element));
    if (!first && own != same) return 0;
    same = own;
    first = false;
  }
  return same;
}

}  // namespace tint

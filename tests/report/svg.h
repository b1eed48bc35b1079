// SPDX-License-Identifier: Apache-2.0
// Reads the contents of an SVG drawing.
#pragma once

#include <string>

namespace tint::testing {

// The marks that a chart of identifier `id` shows: uses of a shape, without those by which shapes are made of others.
inline size_t CountMarks(const std::string& svg, const std::string& id) {
  size_t count = 0;
  const std::string use = "<use href='#" + id + "-gpPt";
  const size_t shapes = svg.find("id='" + id + "-gpPt0'");
  for (size_t at = svg.find(use, svg.find("</defs>", shapes)); at != std::string::npos; at = svg.find(use, at + 1))
    ++count;
  return count;
}

}  // namespace tint::testing

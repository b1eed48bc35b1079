// SPDX-License-Identifier: Apache-2.0
// For users, about each role of a model set: what needs it and how to get it.
#pragma once

#include <string>
#include <vector>

namespace tint {

struct RoleGuide {
  std::string role;
  std::string needed_by;  // commands and stages, within a sentence: "textual-inversion, ... and generate"
  std::string remedy;     // a sentence: how to get it
};
// One for each of KnownRoles(), in that order.
std::vector<RoleGuide> RoleGuides();

}  // namespace tint

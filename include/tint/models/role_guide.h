// What people must know of each role of a model set: who needs it and where it comes from.
#pragma once

#include <string>
#include <vector>

namespace tint {

struct RoleGuide {
  std::string role;
  std::string needed_by;  // commands and stages, as a sentence goes: "textual-inversion, ... and generate"
  std::string remedy;     // a sentence: how to get it
};
// One for each of KnownRoles(), in that order.
std::vector<RoleGuide> RoleGuides();

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/cli/manual.h"

#include <algorithm>

namespace tint {
namespace {

// Whether two commands declare the same option in the same way.
bool Alike(const OptionDescription& a, const OptionDescription& b) {
  return a.group == b.group && a.name == b.name && a.help == b.help && a.default_value == b.default_value &&
         a.presets == b.presets && a.expected == b.expected && a.placeholder == b.placeholder;
}

bool Has(const CommandDescription& command, const OptionDescription& option) {
  return std::any_of(command.options.begin(), command.options.end(),
                     [&](const OptionDescription& other) { return Alike(option, other); });
}

// The options of `command` that are not among `but`.
std::vector<OptionDescription> Without(const CommandDescription& command, const std::vector<OptionDescription>& but) {
  std::vector<OptionDescription> rest;
  for (const OptionDescription& option : command.options) {
    const bool known =
        std::any_of(but.begin(), but.end(), [&](const OptionDescription& o) { return Alike(o, option); });
    if (!known) rest.push_back(option);
  }
  return rest;
}

bool SameOptions(const std::vector<OptionDescription>& a, const std::vector<OptionDescription>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), Alike);
}

}  // namespace

std::vector<OptionSection> OptionSections(const Manual& manual) {
  if (manual.commands.empty()) return {};
  OptionSection every;
  for (const OptionDescription& option : manual.commands.front().options) {
    const bool everywhere = std::all_of(manual.commands.begin(), manual.commands.end(),
                                        [&](const CommandDescription& command) { return Has(command, option); });
    if (everywhere) every.options.push_back(option);
  }
  std::vector<OptionSection> sections = {every};
  std::vector<std::string> described;
  for (const CommandDescription& command : manual.commands) {
    if (std::count(described.begin(), described.end(), command.name) > 0) continue;
    const std::vector<OptionDescription> own = Without(command, every.options);
    std::vector<std::string> family;
    for (const CommandDescription& other : manual.commands) {
      if (SameOptions(Without(other, every.options), own)) family.push_back(other.name);
    }
    described.insert(described.end(), family.begin(), family.end());
    for (const OptionDescription& option : own) {
      const bool begins = sections.back().commands != family || sections.back().group != option.group;
      if (begins) sections.push_back({family, option.group, {}});
      sections.back().options.push_back(option);
    }
  }
  return sections;
}

}  // namespace tint

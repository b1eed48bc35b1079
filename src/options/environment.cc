// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>

#include "tint/base/text.h"
#include "tint/options/names.h"

namespace tint {
namespace {

constexpr char kPrefix[] = "TINT_";

bool IsReserved(const std::string& variable) {
  const std::vector<ReservedVariable>& reserved = ReservedVariables();
  return std::any_of(reserved.begin(), reserved.end(), [&](const ReservedVariable& one) {
    const std::string& pattern = one.name;
    if (pattern.back() != '*') return variable == pattern;
    return variable.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
  });
}

ErrorDetail UnknownVariable(const Names& names, const std::string& variable) {
  std::vector<std::string> all, same_name;
  for (const Names::Entry& entry : names.entries()) {
    if (entry.variable.empty()) continue;
    all.push_back(entry.variable);
    if (!entry.group.empty() && VariableName("", entry.name) == variable) same_name.push_back(entry.variable);
  }
  for (const ReservedVariable& one : ReservedVariables()) {
    if (one.name.back() != '*') all.push_back(one.name);
  }
  return {.file = "environment",
          .field = variable,
          .found = "unknown variable",
          .expected = "TINT_ and the name of an option, such as TINT_SEED",
          .remedy = Suggest(variable, all, same_name)};
}

// Name and value of all variables that begin with TINT_, sorted by name.
std::vector<std::pair<std::string, std::string>> Variables() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string text = *at;
    const size_t equals = text.find('=');
    if (equals == std::string::npos || text.rfind(kPrefix, 0) != 0) continue;
    variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  std::sort(variables.begin(), variables.end());
  return variables;
}

}  // namespace

const std::vector<ReservedVariable>& ReservedVariables() {
  static const std::vector<ReservedVariable> variables = {
      {"TINT_DATA", "Folder of the data sets: --dataset NAME is its folder NAME."},
      {"TINT_CHECKPOINT_SECONDS",
       "Seconds between two checkpoints within a stage; 0: as often as possible. Default: 20."},
      {"TINT_TEST_*", ""}};
  return variables;
}

Layer ReadEnvironment(const Names& names) {
  Layer layer;
  for (const auto& [variable, value] : Variables()) {
    if (IsReserved(variable)) continue;
    const auto at = std::find_if(names.entries().begin(), names.entries().end(),
                                 [&name = variable](const Names::Entry& entry) { return entry.variable == name; });
    if (at == names.entries().end()) {
      layer.faults.push_back(UnknownVariable(names, variable));
    } else if (at->option != nullptr) {
      layer.settings.push_back({.path = at->path,
                                .value = {},
                                .text = value,
                                .is_text = true,
                                .place = {.file = "environment", .field = variable}});
    }
  }
  return layer;
}

}  // namespace tint

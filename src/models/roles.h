// SPDX-License-Identifier: Apache-2.0
// What is known about each role of a model set.
#pragma once

#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/models/model_set.h"

namespace tint::internal {

struct RoleRule {
  std::string role;
  std::string file;
  std::vector<std::string> facts;     // members of its object that only this role has, all required
  std::vector<std::string> optional;  // members that are not required
  std::string needed_by;              // commands and stages, for messages
  std::string remedy;                 // how to get it
  bool is_script = true;              // TorchScript, not the tokenizer
};

const std::vector<RoleRule>& RoleRules();
const RoleRule& FindRule(const std::string& role);

inline constexpr int64_t kModelsSchema = 1;
inline constexpr char kModelsFile[] = "models.json";

// Hexadecimal, 64 digits, lower case.
bool IsSha256(const std::string& text);

// Loads a role's module in its dtype on the CPU and calls Check() of its type.
ScriptModule LoadAndCheck(const ModelSet& set, const std::string& role);
// Probes of every method of the role, in the form of models.json: its present results are the expected ones.
Json RecordProbes(const ModelSet& set, const std::string& role, const ScriptModule& module);
// FLOPs of the first method of the role on one sample of the size that the facts state.
int64_t FlopPerSample(const ModelSet& set, const std::string& role, const ScriptModule& module);

}  // namespace tint::internal

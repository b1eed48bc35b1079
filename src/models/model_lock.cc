// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>
#include <set>

#include "roles.h"
#include "tint/base/durable.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/models/model_set.h"
#include "tint/tensor/dtype.h"

namespace tint {
namespace {

using internal::FindRule;
using internal::kModelsFile;
using internal::RoleRule;

std::vector<std::string> MemberNames(const RoleRule& rule) {
  std::vector<std::string> names = rule.facts;
  names.insert(names.end(), rule.optional.begin(), rule.optional.end());
  return names;
}

void RejectUnknownMembers(const Json& facts) {
  for (const auto& role : facts.items()) {
    const auto& known_roles = KnownRoles();
    if (std::find(known_roles.begin(), known_roles.end(), role.key()) == known_roles.end()) {
      Fail(ExitCode::kBadConfiguration, {.field = role.key(),
                                         .found = "is not a role",
                                         .expected = "one of " + Join(known_roles, ", "),
                                         .remedy = DidYouMean(role.key(), known_roles)});
    }
    std::vector<std::string> known = MemberNames(FindRule(role.key()));
    known.insert(known.end(), {"file", "licence", "source", "training_data"});
    for (const auto& fact : role.value().items()) {
      if (std::find(known.begin(), known.end(), fact.key()) != known.end()) continue;
      Fail(ExitCode::kBadConfiguration, {.field = role.key() + "." + fact.key(),
                                         .found = "is not a fact of this role",
                                         .expected = "one of " + Join(known, ", "),
                                         .remedy = DidYouMean(fact.key(), known)});
    }
  }
}

// The dtype of a module. The user of `tint models lock` vouches for the file, so it is opened.
std::string FindDtype(const std::filesystem::path& path, const std::string& bytes) {
  if (LooksLikePickle(path, bytes)) {
    Fail(ExitCode::kUntrusted,
         {.file = path,
          .found = "is a Python pickle",
          .expected = "TorchScript",
          .remedy = "Convert it with scripts/export_models.py, in a sandbox if it is from an untrusted source."});
  }
  return DtypeName(ScriptModule::FromBytes(bytes, path, c10::kCPU).dtype());
}

// The role's object without arithmetic and probes; known facts come from `given`, then from `before`.
Json DescribeRole(const RoleRule& rule, const std::filesystem::path& path, const Json& given, const Json& before) {
  const std::string bytes = ReadFile(path);
  Json object = {{"file", path.filename().string()}, {"sha256", Sha256Hex(bytes)}};
  if (rule.is_script) object["dtype"] = FindDtype(path, bytes);
  auto value = [&](const std::string& name) -> std::optional<Json> {
    if (given.contains(name)) return given.at(name);
    if (before.contains(name)) return before.at(name);
    return std::nullopt;
  };
  object["licence"] = value("licence").value_or("unknown");
  object["source"] = value("source").value_or("unknown");
  if (const std::optional<Json> training_data = value("training_data")) object["training_data"] = *training_data;
  std::vector<std::string> missing;
  for (const std::string& name : MemberNames(rule)) {
    const std::optional<Json> fact = value(name);
    if (fact) object[name] = *fact;
    const bool required = std::find(rule.facts.begin(), rule.facts.end(), name) != rule.facts.end();
    if (!fact && required) missing.push_back(name);
  }
  if (!missing.empty()) {
    Fail(ExitCode::kBadConfiguration, {.file = path,
                                       .field = rule.role,
                                       .found = "facts are missing: " + Join(missing, ", "),
                                       .remedy = "Give them with --facts FILE, a JSON object {\"" + rule.role +
                                                 "\": {\"" + missing.front() + "\": ...}}."});
  }
  return object;
}

}  // namespace

std::vector<std::string> LockModels(const std::filesystem::path& folder, const Json& facts, bool write) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    Fail(ExitCode::kMissingInput,
         {.file = folder, .found = "is not a directory", .expected = "the folder of a model set"});
  RejectUnknownMembers(facts);
  const std::filesystem::path path = folder / kModelsFile;
  Json root = {{"schema", internal::kModelsSchema}, {"roles", Json::object()}};
  if (std::filesystem::exists(path, ignored)) root = ModelSet::Open(folder).document().root;
  std::vector<std::string> written;
  int64_t found = 0;
  for (const RoleRule& rule : internal::RoleRules()) {
    const Json before = root["roles"].value(rule.role, Json::object()), given = facts.value(rule.role, Json::object());
    const std::filesystem::path file = folder / given.value("file", before.value("file", rule.file));
    if (!std::filesystem::exists(file, ignored)) continue;
    ++found;
    const bool same = before.contains("sha256") && before["sha256"] == Sha256OfFile(file);
    const bool complete = before.contains("probes") || !rule.is_script;
    if (same && complete && given.empty()) continue;
    root["roles"][rule.role] = DescribeRole(rule, file, given, before);
    written.push_back(rule.role);
  }
  if (found == 0)
    Fail(ExitCode::kMissingInput, {.file = folder,
                                   .found = "contains no model file",
                                   .expected = "files named as in configs/models.schema.md, such as denoiser.pt"});
  const ModelSet draft = ModelSet::Parse(folder, root.dump(2));
  for (const std::string& role : written) {
    if (!FindRule(role).is_script) continue;
    const ScriptModule module = internal::LoadAndCheck(draft, role);
    root["roles"][role]["flop_per_sample"] = internal::FlopPerSample(draft, role, module);
    root["roles"][role]["probes"] = internal::RecordProbes(draft, role, module);
  }
  if (write && !written.empty()) WriteFileDurably(path, root.dump(2) + "\n");
  return written;
}

void ChangeFact(const std::filesystem::path& folder, const std::string& role, const std::string& name,
                const Json& value) {
  RejectUnknownMembers({{role, {{name, value}}}});
  const ModelSet set = ModelSet::Open(folder);
  set.Require(role);
  Json root = set.document().root;
  root["roles"][role][name] = value;
  WriteFileDurably(folder / kModelsFile, root.dump(2) + "\n");
}

}  // namespace tint

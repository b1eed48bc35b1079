// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/stage_key.h"

#include <algorithm>

#include "record.h"
#include "tint/artifacts/layout.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"

namespace tint {

Json StageKey::Components() const {
  return {{"stage", stage}, {"version", version},     {"options", options}, {"inputs", inputs}, {"models", models},
          {"seed", seed},   {"episode", episode_idx}, {"device", device},   {"dtype", dtype},   {"threads", threads}};
}

std::string StageKey::Hash() const {
  TINT_CHECK(IsArtifactName(stage)) << "a stage is named " << stage;
  TINT_CHECK(options.is_object());
  return Sha256Hex(CanonicalJson(Components()));
}

std::string StageKey::Folder() const { return Hash().substr(0, 12); }

namespace {

// Hashes are shown by their first digits: a person compares them at a glance.
std::string Shown(const Json* value) {
  if (value == nullptr) return "(absent)";
  if (value->is_string() && internal::IsHex(value->get<std::string>(), 64)) {
    return value->get<std::string>().substr(0, 12);
  }
  return value->dump();
}

const Json* Member(const Json* object, const std::string& name) {
  if (object == nullptr || !object->is_object()) return nullptr;
  const auto found = object->find(name);
  return found == object->end() ? nullptr : &*found;
}

bool IsSame(const Json* a, const Json* b) {
  if (a == nullptr || b == nullptr) return a == b;
  return CanonicalJson(*a) == CanonicalJson(*b);
}

void Compare(const Json* before, const Json* after, const std::string& name, std::vector<std::string>* lines) {
  if (IsSame(before, after)) return;
  const bool old_object = before && before->is_object(), new_object = after && after->is_object();
  if (!(old_object || new_object) || (before && !old_object) || (after && !new_object)) {
    lines->push_back(name + ": " + Shown(before) + " -> " + Shown(after));
    return;
  }
  std::vector<std::string> members;
  for (const Json* side : {before, after}) {
    if (side == nullptr) continue;
    for (const auto& member : side->items()) {
      if (std::find(members.begin(), members.end(), member.key()) == members.end()) members.push_back(member.key());
    }
  }
  for (const std::string& member : members) {
    Compare(Member(before, member), Member(after, member), name.empty() ? member : name + "." + member, lines);
  }
}

}  // namespace

std::vector<std::string> DifferencesOfKeys(const Json& old_components, const Json& new_components) {
  std::vector<std::string> lines;
  Compare(&old_components, &new_components, "", &lines);
  return lines;
}

}  // namespace tint

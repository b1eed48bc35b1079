// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/stage.h"

#include "tint/base/json.h"

namespace tint {

void Stage::Check() const {
  for (const std::string& role : roles()) models_.Require(role);
}

StageKey Stage::NewKey(int64_t version, const Json& options) const {
  return tint::NewKey(settings_, episode_, name(), version, options);
}

void Stage::AddNeeds(const StageResults& earlier, StageKey* key) const {
  for (const std::string& need : needs()) key->inputs[need] = earlier.at(need).content_sha256();
}

void Stage::AddModels(StageKey* key) const {
  for (const std::string& role : roles()) key->models[role] = models_.Require(role).KeySha256();
}

double Stage::FlopPerSample(const std::string& role) const {
  if (!models_.Has(role)) return 0;
  const Json& facts = models_.Require(role).facts;
  const auto flop = facts.find("flop_per_sample");
  return flop != facts.end() && flop->is_number() ? flop->get<double>() : 0;
}

}  // namespace tint

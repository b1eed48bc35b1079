// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/base/unicode.h"
#include "tint/options/resolve.h"

namespace tint {
namespace {

constexpr size_t kMaxNameBytes = 4096;  // PATH_MAX, so that a folder's name is never cut

// JSON is UTF-8; a folder name that is not is shown as in messages.
Json Printable(const Json& value) {
  if (!value.is_string() || IsValidUtf8(value.get_ref<const std::string&>())) return value;
  return Quote(value.get_ref<const std::string&>(), kMaxNameBytes);
}

std::string Path(const OptionGroup& group, const Option& option) {
  return group.name.empty() ? option.name() : group.name + "." + option.name();
}

Origin OriginOf(const std::map<std::string, Origin>& origins, const std::string& path) {
  const auto at = origins.find(path);
  return at == origins.end() ? Origin::kDefault : at->second;
}

Json WithOrigin(const OptionGroup& group, const Option& option, const std::map<std::string, Origin>& origins) {
  Json entry;
  entry["value"] = Printable(option.Get());
  entry["origin"] = OriginName(OriginOf(origins, Path(group, option)));
  return entry;
}

}  // namespace

Origin CommandOptions::origin(const std::string& path) const { return OriginOf(origins_, path); }

Json CommandOptions::ConfigWithOrigins() const {
  Json config;
  config["preset"] = preset_;
  for (const OptionGroup& group : groups_) {
    if (!group.name.empty()) config[group.name] = Json::object();
    Json& place = group.name.empty() ? config : config[group.name];
    for (const Option& option : group.list.options()) place[option.name()] = WithOrigin(group, option, origins_);
  }
  return config;
}

Json CommandOptions::StoredGroup(const std::string& name) const {
  const auto at = std::find_if(groups_.begin(), groups_.end(), [&](const OptionGroup& g) { return g.name == name; });
  TINT_CHECK(at != groups_.end()) << "no group of options is called " << name;
  Json stored = Json::object();
  for (const Option& option : at->list.options()) {
    if (option.in_key()) stored[option.name()] = WithOrigin(*at, option, origins_);
  }
  return stored;
}

void CommandOptions::AdoptStored(const std::string& name, const Json& stored, const std::string& stored_in) {
  static const std::map<std::string, Origin> origins = {{"default", Origin::kDefault},
                                                        {"preset", Origin::kPreset},
                                                        {"file", Origin::kFile},
                                                        {"environment", Origin::kEnvironment},
                                                        {"flag", Origin::kFlag}};
  for (OptionGroup& group : groups_) {
    if (group.name != name) continue;
    for (Option& option : group.list.options()) {
      const Origin origin = OriginOf(origins_, Path(group, option));
      if (!stored.contains(option.name()) || (origin != Origin::kDefault && origin != Origin::kPreset)) continue;
      const Json& entry = stored.at(option.name());
      const bool readable = entry.is_object() && entry.contains("value") && entry.contains("origin") &&
                            entry["origin"].is_string() && origins.count(entry["origin"].get<std::string>()) > 0;
      const std::string wrong = readable ? option.SetFromJson(entry["value"]) : "is " + entry.dump();
      if (!wrong.empty()) {
        Fail(ExitCode::kBadConfiguration,
             {.file = stored_in, .field = Path(group, option), .found = wrong, .expected = option.Expected()});
      }
      origins_[Path(group, option)] = origins.at(entry.at("origin").get<std::string>());
    }
  }
}

std::string CommandOptions::ConfigTable() const {
  std::vector<std::vector<std::string>> rows = {{"option", "value", "unit", "origin"},
                                                {"preset", preset_, "", OriginName(OriginOf(origins_, "preset"))}};
  for (const OptionGroup& group : groups_) {
    for (const Option& option : group.list.options()) {
      const std::string path = Path(group, option);
      rows.push_back({path, Printable(option.Get()).dump(), option.unit(), OriginName(OriginOf(origins_, path))});
    }
  }
  std::vector<size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string table;
  for (const auto& row : rows) {
    for (size_t i = 0; i + 1 < row.size(); ++i) table += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
    table += row.back() + "\n";
  }
  return table;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The configuration file: {"preset": "smoke", "seed": 1, "generate": {"alpha": 1.0}}.
#include <algorithm>

#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/options/names.h"

namespace tint {
namespace {

constexpr ExitCode kCode = ExitCode::kBadConfiguration;

std::string ReadText(const std::string& file) {
  try {
    return ReadFile(file, JsonLimits{}.max_bytes);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    Fail(kCode, error.what());  // a folder, a pipe, too large: an invalid configuration, not invalid input data
  }
}

class Reader {
 public:
  Reader(const Names& names, JsonDocument document) : names_(names), document_(std::move(document)) {}

  Layer Read() {
    const Json& root = document_.root;
    if (!root.is_object()) {
      document_.Fail(kCode, "", "is not an object", "an object: {\"generate\": {\"alpha\": 1.0}}");
    }
    for (const auto& member : root.items()) ReadTop(member.key(), member.value());
    return std::move(layer_);
  }

 private:
  void ReadTop(const std::string& key, const Json& value) {
    const std::string pointer = (Json::json_pointer() / key).to_string();
    if (key.empty() || !names_.HasGroup(key)) return ReadOption("", key, pointer, value);
    if (!value.is_object()) {
      ErrorDetail fault = Place(pointer, key);
      fault.found = "is " + (value.is_array() ? "a list" : value.dump(-1, ' ', false, Json::error_handler_t::replace));
      fault.expected = "an object {...} with options of " + key;
      layer_.faults.push_back(fault);
      return;
    }
    for (const auto& member : value.items()) {
      ReadOption(key, member.key(), (Json::json_pointer(pointer) / member.key()).to_string(), member.value());
    }
  }

  void ReadOption(const std::string& group, const std::string& key, const std::string& pointer, const Json& value) {
    const std::string path = group.empty() ? key : group + "." + key;
    const Names::Entry* entry = names_.Find(path);
    // "generate.alpha" as one key at the top is not allowed. Of the builtin options only the preset may be in a file.
    const bool known = entry != nullptr && entry->group == group && (!entry->builtin || entry->name == "preset");
    if (!known) {
      layer_.faults.push_back(Unknown(group, key, pointer));
    } else if (entry->option != nullptr) {
      layer_.settings.push_back(
          {.path = path, .value = value, .text = "", .is_text = false, .place = Place(pointer, path)});
    }
  }

  ErrorDetail Place(const std::string& pointer, const std::string& field) const {
    const TextPosition at = document_.Where(pointer);
    return {.file = document_.file, .field = field, .line = at.line, .column = at.column};
  }

  ErrorDetail Unknown(const std::string& group, const std::string& key, const std::string& pointer) const {
    std::vector<std::string> here;
    for (const Names::Entry& entry : names_.entries()) {
      const bool given_by_files = !entry.builtin || entry.name == "preset";
      if (entry.group == group && given_by_files) here.push_back(entry.name);
    }
    for (const std::string& name : names_.groups()) {
      if (group.empty() && !name.empty()) here.push_back(name);
    }
    // {"alpha": 1} and {"generate.alpha": 1} probably mean {"generate": {"alpha": 1}}.
    std::vector<std::string> same_name;
    for (const std::string& path : names_.PathsNamed(key.substr(key.rfind('.') + 1))) {
      if (names_.Find(path)->builtin) continue;
      const size_t dot = path.find('.');
      same_name.push_back(dot == std::string::npos
                              ? path
                              : "{\"" + path.substr(0, dot) + "\": {\"" + path.substr(dot + 1) + "\": ...}}");
    }
    ErrorDetail fault = Place(pointer, group.empty() ? (key.empty() ? "the empty name" : key) : group + "." + key);
    fault.found = "unknown option";
    fault.expected = "one of " + Join(here, ", ");
    fault.remedy = DidYouMean(key, here);
    if (fault.remedy.empty()) fault.remedy = Suggest(key, here, same_name);
    return fault;
  }

  const Names& names_;
  const JsonDocument document_;
  Layer layer_;
};

}  // namespace

Layer ReadConfiguration(const Names& names, const std::string& file) {
  return Reader(names, ParseJson(ReadText(file), file, kCode)).Read();
}

}  // namespace tint

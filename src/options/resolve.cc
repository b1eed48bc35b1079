// SPDX-License-Identifier: Apache-2.0
#include "tint/options/resolve.h"

#include <algorithm>
#include <tuple>

#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/options/names.h"

namespace tint {
namespace {

using Origins = std::map<std::string, Origin>;

// The default and the value of every preset must be within the bounds of the option. Leaves the defaults set.
void CheckDeclarations(std::deque<OptionGroup>& groups) {
  auto check = [](const OptionGroup& group, Option& option, const std::string& preset, const Json& value) {
    const std::string found = option.SetFromJson(value);
    TINT_CHECK(found.empty()) << preset << " of " << group.name << "." << option.name() << " " << found << "; expected "
                              << option.Expected();
  };
  for (OptionGroup& group : groups) {
    for (Option& option : group.list.options()) {
      for (const auto& [preset, value] : option.presets()) {
        const std::vector<std::string>& known = PresetNames();
        TINT_CHECK(preset != "paper" && std::count(known.begin(), known.end(), preset) > 0) << preset;
        check(group, option, preset, value);
      }
      check(group, option, "the default", option.default_value());
    }
  }
}

// Sets what can be set, with its origin, and reports the rest.
void Apply(const Names& names, const std::vector<Setting>& settings, Origin origin, Origins& origins,
           std::vector<ErrorDetail>& faults) {
  for (const Setting& setting : settings) {
    Option& option = names.At(setting.path);
    const std::string found = setting.is_text ? option.SetFromText(setting.text) : option.SetFromJson(setting.value);
    if (found.empty()) {
      origins[setting.path] = origin;
      continue;
    }
    ErrorDetail fault = setting.place;
    fault.found = found;
    fault.expected = option.Expected();
    fault.remedy = option.NearestChoice(setting.value.is_string() ? setting.value.get<std::string>() : setting.text);
    faults.push_back(fault);
  }
}

// A baseline takes the values it does not set from another preset.
std::string ParentOf(const std::string& preset) { return preset == "labelhalluc" ? "upstream" : ""; }

std::vector<Setting> PresetSettings(const Names& names, const std::string& preset) {
  std::vector<Setting> settings;
  for (const Names::Entry& entry : names.entries()) {
    if (entry.option == nullptr) continue;
    const auto& presets = entry.option->presets();
    auto value = presets.find(preset);
    if (value == presets.end()) value = presets.find(ParentOf(preset));
    if (value == presets.end()) continue;
    ErrorDetail place = {.field = "preset " + preset + ": " + entry.path};
    settings.push_back({entry.path, value->second, "", false, place});
  }
  return settings;
}

// The text that the layer gives for `path`, or `otherwise`. A value of another kind is refused later, in its turn.
std::string TextOf(const Layer& layer, const std::string& path, const std::string& otherwise) {
  for (const Setting& setting : layer.settings) {
    if (setting.path != path) continue;
    if (setting.is_text) return setting.text;
    if (setting.value.is_string()) return setting.value.get<std::string>();
  }
  return otherwise;
}

// One line per fault, those of a file in its order.
void FailIfAny(ExitCode code, std::vector<ErrorDetail> faults) {
  if (faults.empty()) return;
  std::stable_sort(faults.begin(), faults.end(), [](const ErrorDetail& a, const ErrorDetail& b) {
    return std::tie(a.file, a.line, a.column) < std::tie(b.file, b.line, b.column);
  });
  std::vector<std::string> lines;
  for (const ErrorDetail& fault : faults) lines.push_back(ToString(fault));
  Fail(code, Join(lines, "\n"));
}

}  // namespace

std::string OriginName(Origin origin) {
  switch (origin) {
    case Origin::kDefault:
      return "default";
    case Origin::kPreset:
      return "preset";
    case Origin::kFile:
      return "file";
    case Origin::kEnvironment:
      return "environment";
    case Origin::kFlag:
      return "flag";
  }
  return "";
}

const std::vector<std::string>& PresetNames() {
  static const std::vector<std::string> names = {"paper",       "upstream",     "pmf",      "smoke",
                                                 "labelhalluc", "support-only", "base-only"};
  return names;
}

CommandOptions::CommandOptions(std::string command, std::string summary, std::string bare_group)
    : command_(std::move(command)), summary_(std::move(summary)), bare_group_(std::move(bare_group)) {}

OptionList& CommandOptions::Group(const std::string& name) {
  for (OptionGroup& group : groups_) {
    if (group.name == name) return group.list;
  }
  return groups_.emplace_back(OptionGroup{name, {}}).list;
}

void CommandOptions::Positional(PositionalArgument argument) {
  TINT_CHECK(arguments_.empty() || !arguments_.back().repeated) << "only the last argument may be repeated";
  TINT_CHECK(arguments_.empty() || arguments_.back().required || !argument.required) << argument.name;
  arguments_.push_back(std::move(argument));
}

void CommandOptions::KnownElsewhere(const std::string& group, const std::vector<std::string>& names) {
  std::vector<std::string>& known = known_elsewhere_[group];
  known.insert(known.end(), names.begin(), names.end());
}

void CommandOptions::Parse(const std::vector<std::string>& arguments) {
  CheckDeclarations(groups_);
  BuiltinOptions builtin;
  OptionList builtin_list;
  builtin.Declare(builtin_list);
  const Names names(builtin_list, groups_, known_elsewhere_, bare_group_);

  CommandLine line = ReadCommandLine(names, arguments_, arguments);
  Apply(names, line.settings, Origin::kFlag, origins_, line.faults);
  help_requested_ = builtin.help;
  if (help_requested_) return;
  FailIfAny(ExitCode::kUsage, line.faults);

  const Layer environment = ReadEnvironment(names);
  const std::string config = TextOf(line, "config", TextOf(environment, "config", ""));
  const Layer file = config.empty() ? Layer{} : ReadConfiguration(names, config);
  const std::string preset =
      TextOf(line, "preset", TextOf(environment, "preset", TextOf(file, "preset", builtin.preset)));

  std::vector<ErrorDetail> faults = file.faults;
  faults.insert(faults.end(), environment.faults.begin(), environment.faults.end());
  Apply(names, PresetSettings(names, preset), Origin::kPreset, origins_, faults);
  Apply(names, file.settings, Origin::kFile, origins_, faults);
  Apply(names, environment.settings, Origin::kEnvironment, origins_, faults);
  Apply(names, line.settings, Origin::kFlag, origins_, faults);
  FailIfAny(ExitCode::kBadConfiguration, faults);

  preset_ = builtin.preset;
  positionals_ = line.positionals;
  print_config_requested_ = builtin.print_config;
}

}  // namespace tint

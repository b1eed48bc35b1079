// SPDX-License-Identifier: Apache-2.0
#include "tint/options/describe.h"

#include <algorithm>
#include <cctype>

#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/options/names.h"

namespace tint {
namespace {

std::string Placeholder(const Option& option) {
  if (option.is_flag()) return "";
  if (!option.choices().empty()) return Join(option.choices(), "|");
  if (option.TypeName() == "text") return KindName(option.text_kind());
  return option.TypeName() == "integer" ? "N" : "X";
}

std::string Shown(const Json& value) {
  if (!value.is_string()) return value.dump();
  return value.get_ref<const std::string&>().empty() ? "empty" : value.get<std::string>();
}

std::string Usage(const std::string& command, const std::vector<PositionalArgument>& arguments) {
  std::string usage = "tint " + command;
  for (const PositionalArgument& argument : arguments) {
    const std::string name = argument.name + (argument.repeated ? "..." : "");
    usage += argument.required ? " " + name : " [" + name + "]";
  }
  return usage + " [--OPTION VALUE ...]";
}

OptionDescription DescribeOption(const Names& names, const Names::Entry& entry) {
  const Option& option = *entry.option;
  OptionDescription description{.group = entry.group,
                                .name = entry.name,
                                .spellings = names.Spellings(entry),
                                .json_path = entry.builtin && entry.name != "preset" ? "" : entry.path,
                                .variable = entry.variable,
                                .placeholder = Placeholder(option),
                                .expected = "",
                                .unit = option.unit(),
                                .help = option.help(),
                                .source = option.source(),
                                .default_value = Shown(option.default_value()),
                                .presets = {},
                                .offers = option.offers(),
                                .kind = option.text_kind(),
                                .builtin = entry.builtin,
                                .flag = option.is_flag(),
                                .repeatable = option.repeatable(),
                                .obvious = entry.builtin && (option.is_flag() || option.name() == "config")};
  if (!option.is_flag() && option.choices().empty() && option.Expected() != "a string")
    description.expected = option.Expected();
  for (const auto& [preset, value] : option.presets()) description.presets.emplace_back(preset, Shown(value));
  return description;
}

}  // namespace

std::string KindName(TextKind kind) {
  switch (kind) {
    case TextKind::kFile:
      return "FILE";
    case TextKind::kFolder:
      return "DIR";
    case TextKind::kFileOrFolder:
      return "PATH";
    case TextKind::kDataset:
      return "NAME";
    case TextKind::kPlain:
      break;
  }
  return "TEXT";
}

std::string Capitalized(std::string phrase) {
  if (!phrase.empty()) phrase[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(phrase[0])));
  return phrase;
}

std::string Facts(const OptionDescription& option) {
  if (option.obvious) return "";
  std::string facts;
  if (!option.expected.empty()) {
    const bool number = option.placeholder == "N" || option.placeholder == "X";
    facts = (number ? Capitalized(option.expected) : "Expects " + option.expected) +
            (option.unit.empty() ? "" : " (" + option.unit + ")") + ". ";
  }
  facts += "Default: " + option.default_value;
  for (const auto& [preset, value] : option.presets) facts += "; " + preset + ": " + value;
  facts += ".";
  if (!option.source.empty()) facts += " Source: " + option.source + ".";
  return facts;
}

const std::string& PrecedenceText() {
  static const std::string text =
      "The value of an option comes from, in this order: the command line, its TINT_ variable, the --config file, the "
      "preset, the default; --print-config shows which. Option NAME of stage STAGE is --STAGE.NAME on the command "
      "line, "
      "{\"STAGE\": {\"NAME\": ...}} in a file and TINT_STAGE_NAME in the environment (dashes become underscores).";
  return text;
}

std::vector<std::string> CommandDescription::Groups() const {
  std::vector<std::string> groups;
  for (const OptionDescription& option : options) {
    if (!option.group.empty() && std::count(groups.begin(), groups.end(), option.group) == 0)
      groups.push_back(option.group);
  }
  return groups;
}

CommandDescription CommandOptions::Describe() const {
  BuiltinOptions builtin;
  OptionList builtin_list;
  builtin.Declare(builtin_list);
  std::deque<OptionGroup> groups = groups_;  // Names may set what it names; here it only reads
  const Names names(builtin_list, groups, {}, bare_group_);

  CommandDescription description{.group = "",
                                 .name = command_,
                                 .summary = summary_,
                                 .usage = Usage(command_, arguments_),
                                 .arguments = arguments_,
                                 .options = {}};
  for (const Names::Entry& entry : names.entries()) description.options.push_back(DescribeOption(names, entry));
  return description;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/base/text.h"
#include "tint/options/describe.h"
#include "tint/options/names.h"

namespace tint {
namespace {

constexpr size_t kWidth = 100;  // columns of --help

void AppendOption(std::string& out, const OptionDescription& option) {
  const std::string value = option.placeholder.empty() ? "" : " " + option.placeholder;
  AppendWrapped(out, Join(option.spellings, ", ") + value, 2, kWidth);
  AppendWrapped(out, option.help, 6, kWidth);
  if (!option.obvious) AppendWrapped(out, Facts(option), 6, kWidth);
}

std::string GroupTitle(const std::string& group) {
  if (group.empty()) return "Options:";
  return "Options of " + group + " (in a file: {\"" + group +
         "\": {...}}; in the environment: " + VariableName(group, "") + "...):";
}

}  // namespace

void AppendWrapped(std::string& out, const std::string& text, size_t indent, size_t width) {
  size_t column = 0;
  for (const std::string& word : Split(text, ' ')) {
    if (column > 0 && column + 1 + word.size() <= width) {
      out += " " + word;
      column += 1 + word.size();
      continue;
    }
    const size_t extra = column > 0 && indent == 2 ? 4 : 0;  // continuation lines of a name are indented further
    if (column > 0) out += "\n";
    out += std::string(indent + extra, ' ') + word;
    column = indent + extra + word.size();
  }
  out += "\n";
}

std::string CommandOptions::HelpText() const {
  const CommandDescription command = Describe();
  std::string out;
  AppendWrapped(out, "tint " + command.name + ": " + command.summary, 0, kWidth);
  out += "\n";
  AppendWrapped(out, "Usage: " + command.usage, 0, kWidth);
  if (!command.arguments.empty()) out += "\n";
  for (const PositionalArgument& argument : command.arguments) {
    AppendWrapped(out, argument.name + (argument.required ? "" : " (optional)"), 2, kWidth);
    AppendWrapped(out, argument.help, 6, kWidth);
  }
  out += "\nGeneral options:\n";
  for (const OptionDescription& option : command.options) {
    if (option.builtin) AppendOption(out, option);
  }
  const OptionDescription* previous = nullptr;  // options of a group are adjacent
  for (const OptionDescription& option : command.options) {
    if (option.builtin) continue;
    if (previous == nullptr || previous->group != option.group) {
      out += "\n";
      AppendWrapped(out, GroupTitle(option.group), 0, kWidth);
    }
    AppendOption(out, option);
    previous = &option;
  }
  out += "\n";
  AppendWrapped(out, PrecedenceText(), 0, kWidth);
  return out;
}

}  // namespace tint

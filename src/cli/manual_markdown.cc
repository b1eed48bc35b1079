// SPDX-License-Identifier: Apache-2.0
// The reference as a page of Markdown, as GitHub shows it.
#include <algorithm>
#include <cctype>

#include "tint/base/text.h"
#include "tint/cli/manual.h"
#include "tint/options/names.h"

namespace tint {
namespace {

// Text of a table cell, with the characters that Markdown or HTML would interpret escaped.
std::string Cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*') out += '\\';
    out += c;
  }
  return out;
}

// A code span in a cell; a bar ends a cell even there.
std::string Code(const std::string& text) {
  std::string out = "`";
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return text.empty() ? "" : out + "`";
}

// "Options of the run: `a`" -> "options-of-the-run-a", as GitHub names headings.
std::string Anchor(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_') anchor += static_cast<char>(std::tolower(byte));
    if (c == ' ') anchor += '-';
  }
  return anchor;
}

std::string Link(const std::string& text, const std::string& heading) {
  return "[" + text + "](#" + Anchor(heading) + ")";
}

std::string CodeList(const std::vector<std::string>& names) {
  std::vector<std::string> code;
  for (const std::string& name : names) code.push_back(Code(name));
  return Join(code, ", ");
}

std::string Takes(const OptionDescription& option) {
  if (option.flag) return "flag";
  std::string takes = option.expected.empty() ? Code(option.placeholder) : Cell(option.expected);
  if (!option.unit.empty()) takes += ", " + option.unit;
  if (option.repeatable) takes += "; repeatable";
  return takes;
}

std::string Defaults(const OptionDescription& option) {
  if (option.obvious) return "";
  std::string text = option.default_value == "empty" ? "empty" : Code(option.default_value);
  for (const auto& [preset, value] : option.presets) text += "<br>" + preset + ": " + Code(value);
  return text;
}

std::string Table(const std::vector<OptionDescription>& options) {
  std::string out =
      "| option | takes | default, presets | meaning | in a file | variable |\n"
      "|---|---|---|---|---|---|\n";
  for (const OptionDescription& option : options) {
    std::vector<std::string> spellings;
    for (const std::string& spelling : option.spellings) spellings.push_back(Code(spelling));
    out += "| " + Join(spellings, "<br>") + " | " + Takes(option) + " | " + Defaults(option) + " | " +
           Cell(option.help) + (option.source.empty() ? "" : " *Source: " + Cell(option.source) + ".*") + " | " +
           Code(option.json_path) + " | " + Code(option.variable) + " |\n";
  }
  return out;
}

std::string HeadingOf(const CommandDescription& command) { return "tint " + command.name; }
constexpr size_t kWidth = 120;  // columns of running text
constexpr char kEvery[] = "Options of every command";

std::string Contents(const Manual& manual) {
  std::string out = "| | command | |\n|---|---|---|\n";
  for (const std::string& group : manual.groups) {
    std::string title = group;
    for (const CommandDescription& command : manual.commands) {
      if (command.group != group) continue;
      out +=
          "| " + title + " | " + Link(Code(command.name), HeadingOf(command)) + " | " + Cell(command.summary) + " |\n";
      title.clear();
    }
  }
  return out;
}

// The tables of a command's options, or a link to the command that has the same ones.
std::string OwnOptions(const Manual& manual, const CommandDescription& command,
                       const std::vector<OptionSection>& sections) {
  std::string out;
  for (const OptionSection& section : sections) {
    const auto& names = section.commands;
    if (std::find(names.begin(), names.end(), command.name) == names.end()) continue;
    if (names.front() != command.name) {
      const CommandDescription& first = *std::find_if(manual.commands.begin(), manual.commands.end(),
                                                      [&](const auto& c) { return c.name == names.front(); });
      return "The same options as " + Link(Code(HeadingOf(first)), HeadingOf(first)) + "." +
             (command.Groups().empty() ? ""
                                       : " Those of this stage, " + Code("--" + command.name + ".NAME") +
                                             ", may be written as " + Code("--NAME") + " here.") +
             "\n\n";
    }
    if (!section.group.empty()) out += "#### Options of " + section.group + "\n\n";
    if (section.group.empty() && names.size() > 1)
      out += "Also options of " + CodeList({names.begin() + 1, names.end()}) + ".\n\n";
    out += Table(section.options) + "\n";
  }
  return out;
}

std::string CommandPart(const Manual& manual, const CommandDescription& command,
                        const std::vector<OptionSection>& sections) {
  std::string out = "### " + HeadingOf(command) + "\n\n" + Cell(command.summary) + "\n\n    " + command.usage + "\n\n";
  for (const PositionalArgument& argument : command.arguments) {
    out += "- " + Code(argument.name) + (argument.required ? "" : " (optional)") + ": " + Cell(argument.help);
    if (!argument.choices.empty()) out += " One of " + CodeList(argument.choices) + ".";
    out += "\n";
  }
  return out + (command.arguments.empty() ? "" : "\n") + OwnOptions(manual, command, sections);
}

}  // namespace

std::string ToMarkdown(const Manual& manual) {
  const std::vector<OptionSection> sections = OptionSections(manual);
  std::string out =
      "# Reference\n\nGenerated by `scripts/write_reference` from `tint help --markdown`: edit the declarations in the "
      "sources, not "
      "this page.\n\n" +
      Contents(manual) + "\n";
  AppendWrapped(out, Cell(PrecedenceText()), 0, kWidth);
  out += std::string("\n## ") + kEvery + "\n\n" + Table(sections.front().options) + "\n";
  for (const std::string& group : manual.groups) {
    out += "## " + group + "\n\n";
    for (const CommandDescription& command : manual.commands) {
      if (command.group == group) out += CommandPart(manual, command, sections);
    }
  }
  out += "## Other environment variables\n\n| variable | meaning |\n|---|---|\n";
  for (const ReservedVariable& variable : ReservedVariables()) {
    if (!variable.meaning.empty()) out += "| " + Code(variable.name) + " | " + Cell(variable.meaning) + " |\n";
  }
  out += "\n## Exit codes\n\n| code | meaning |\n|---|---|\n";
  for (const Named& code : manual.exit_codes) out += "| " + code.name + " | " + Cell(code.meaning) + " |\n";
  return out;
}

}  // namespace tint

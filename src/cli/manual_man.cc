// The manual as a man page, in the macros of man(7).
#include "tint/base/text.h"
#include "tint/cli/manual.h"

namespace tint {
namespace {

// Text that roff shows as it is. A hyphen that is typed stays one: "-" alone may become a dash or break a line.
std::string Plain(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  const bool request = !text.empty() && (text[0] == '.' || text[0] == '\'');
  return request ? "\\&" + out : out;
}

std::string Bold(const std::string& text) { return "\\fB" + Plain(text) + "\\fR"; }
std::string Italic(const std::string& text) { return "\\fI" + Plain(text) + "\\fR"; }
// A heading is one argument, in quotes; a quote within it stands twice.
std::string Heading(const std::string& macro, const std::string& text) {
  std::string quoted;
  for (const char c : Plain(text)) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return "." + macro + " \"" + quoted + "\"\n";
}
std::string Entry(const std::string& tag, const std::string& text) { return ".TP\n" + tag + "\n" + text + "\n"; }

std::string OptionEntry(const OptionDescription& option) {
  std::vector<std::string> spellings;
  for (const std::string& spelling : option.spellings) spellings.push_back(Bold(spelling));
  const std::string value = option.placeholder.empty() ? "" : " " + Italic(option.placeholder);
  std::string out = Entry(Join(spellings, ", ") + value, Plain(option.help));
  if (!option.obvious) out += ".br\n" + Plain(Facts(option)) + "\n";
  if (!option.group.empty()) out += ".br\nVariable " + Bold(option.variable) + ".\n";
  if (option.repeatable) out += ".br\nMay stand several times.\n";
  return out;
}

std::string Commands(const Manual& manual) {
  std::string out = ".SH COMMANDS\n";
  for (const Named& group : manual.groups) {
    out += Heading("SS", group.meaning);
    for (const CommandDescription& command : manual.commands) {
      if (command.group != group.name) continue;
      out += Entry(Bold(command.usage), Plain(command.summary) + ".");
      for (const PositionalArgument& argument : command.arguments)
        out += ".br\n" + Italic(argument.name) + ": " + Plain(argument.help) + "\n";
    }
  }
  return out;
}

std::string Title(const OptionSection& section) {
  if (section.commands.empty()) return "Options of every command";
  std::string title = "Options of " + Join(section.commands, ", ");
  if (!section.group.empty()) title = "Options of " + section.group + " (of " + section.commands.front();
  if (!section.group.empty()) title += section.commands.size() > 1 ? " and its stages)" : ")";
  return title;
}

std::string List(const std::string& title, const std::vector<Named>& entries) {
  std::string out = Heading("SH", title);
  for (const Named& entry : entries) out += Entry(Bold(entry.name), Plain(entry.meaning));
  return out;
}

}  // namespace

std::string ToManPage(const Manual& manual) {
  std::string out = ".\\\" Written by tint help --man from the program's own declarations.\n";
  out += ".TH TINT 1 \"\" \"tint " + manual.version + "\" \"User Commands\"\n.SH NAME\ntint \\- " +
         Plain(manual.summary) + "\n";
  out += ".SH SYNOPSIS\n.B tint\n.I COMMAND\n[\\fIARGUMENT\\fR ...] [\\fB\\-\\-OPTION\\fR \\fIVALUE\\fR ...]\n";
  out += ".SH DESCRIPTION\n" + Plain(PrecedenceText()) + "\n" + Commands(manual) + ".SH OPTIONS\n";
  for (const OptionSection& section : OptionSections(manual)) {
    out += Heading("SS", Title(section));
    for (const OptionDescription& option : section.options) out += OptionEntry(option);
  }
  std::vector<Named> variables;
  for (const ReservedVariable& variable : ReservedVariables()) {
    if (!variable.meaning.empty()) variables.push_back({variable.name, variable.meaning});
  }
  out += List("ENVIRONMENT", variables);
  out += ".P\nEvery option has a variable: TINT_, its stage and its name, in capitals.\n";
  return out + List("EXIT STATUS", manual.exit_codes) + List("FILES", manual.files);
}

}  // namespace tint

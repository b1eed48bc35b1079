#include "names.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr size_t kWidth = 100;  // columns of --help

std::string Placeholder(const Option& option) {
  if (option.is_flag()) return "";
  if (!option.choices().empty()) return " " + Join(option.choices(), "|");
  if (option.TypeName() == "text") return " TEXT";
  return option.TypeName() == "integer" ? " N" : " X";
}

std::string Shown(const Json& value) {
  if (!value.is_string()) return value.dump();
  return value.get_ref<const std::string&>().empty() ? "empty" : value.get<std::string>();
}

// "An integer in [1, 1000] (pixels). Default: 96; upstream: 128. Source: S24 row 13."
std::string Facts(const Option& option) {
  std::string facts;
  if (!option.is_flag() && option.choices().empty() && option.Expected() != "a text") {
    facts = option.Expected() + (option.unit().empty() ? "" : " (" + option.unit() + ")") + ". ";
    facts[0] = 'A';
  }
  facts += "Default: " + Shown(option.default_value());
  for (const auto& [preset, value] : option.presets()) facts += "; " + preset + ": " + Shown(value);
  facts += ".";
  if (!option.source().empty()) facts += " Source: " + option.source() + ".";
  return facts;
}

void AppendOption(std::string& out, const Names& names, const Names::Entry& entry) {
  const Option& option = *entry.option;
  AppendWrapped(out, Join(names.Spellings(entry), ", ") + Placeholder(option), 2, kWidth);
  AppendWrapped(out, option.help(), 6, kWidth);
  const bool obvious = entry.builtin && (option.is_flag() || option.name() == "config");
  if (!obvious) AppendWrapped(out, Facts(option), 6, kWidth);
}

std::string GroupTitle(const std::string& group) {
  if (group.empty()) return "Options of the run:";
  return "Options of " + group + " (in a file {\"" + group + "\": {...}}, as variables " + VariableName(group, "") +
         "...):";
}

std::string Usage(const std::string& command, const std::vector<PositionalArgument>& arguments) {
  std::string usage = "Usage: tint " + command;
  for (const PositionalArgument& argument : arguments) {
    const std::string name = argument.name + (argument.repeated ? "..." : "");
    usage += argument.required ? " " + name : " [" + name + "]";
  }
  return usage + " [--OPTION VALUE ...]";
}

constexpr char kPrecedence[] =
    "A value is taken from the flag, else the TINT_ variable, else the file given by --config, else the preset, else "
    "the "
    "default; --print-config shows which. An option NAME of stage STAGE is --STAGE.NAME everywhere, {\"STAGE\": "
    "{\"NAME\": ...}} in a file and TINT_STAGE_NAME in the environment (dashes become underscores).";

}  // namespace

void AppendWrapped(std::string& out, const std::string& text, size_t indent, size_t width) {
  size_t column = 0;
  for (const std::string& word : Split(text, ' ')) {
    if (column > 0 && column + 1 + word.size() <= width) {
      out += " " + word;
      column += 1 + word.size();
      continue;
    }
    const size_t extra = column > 0 && indent == 2 ? 4 : 0;  // a name's second line stands further in than the name
    if (column > 0) out += "\n";
    out += std::string(indent + extra, ' ') + word;
    column = indent + extra + word.size();
  }
  out += "\n";
}

std::string CommandOptions::HelpText() const {
  BuiltinOptions builtin;
  OptionList builtin_list;
  builtin.Declare(builtin_list);
  std::deque<OptionGroup> groups = groups_;  // Names may set what it names; here it only reads
  const Names names(builtin_list, groups, {}, bare_group_);

  std::string out;
  AppendWrapped(out, "tint " + command_ + ": " + summary_, 0, kWidth);
  out += "\n";
  AppendWrapped(out, Usage(command_, arguments_), 0, kWidth);
  if (!arguments_.empty()) out += "\n";
  for (const PositionalArgument& argument : arguments_) {
    AppendWrapped(out, argument.name + (argument.required ? "" : " (may be left out)"), 2, kWidth);
    AppendWrapped(out, argument.help, 6, kWidth);
  }
  out += "\nOptions of every command:\n";
  for (const Names::Entry& entry : names.entries()) {
    if (entry.builtin) AppendOption(out, names, entry);
  }
  for (const OptionGroup& group : groups_) {
    if (group.list.options().empty()) continue;
    out += "\n";
    AppendWrapped(out, GroupTitle(group.name), 0, kWidth);
    for (const Names::Entry& entry : names.entries()) {
      if (entry.group == group.name && !entry.builtin) AppendOption(out, names, entry);
    }
  }
  out += "\n";
  AppendWrapped(out, kPrecedence, 0, kWidth);
  return out;
}

}  // namespace tint

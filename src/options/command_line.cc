// SPDX-License-Identifier: Apache-2.0
// The command line, split into names and values by CLI11. Its conversions and messages are not used, so that a value is
// read and rejected in the same way wherever it comes from.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "tint/base/text.h"
#include "tint/options/names.h"

namespace tint {
namespace {

bool BeginsWith(const std::string& text, const std::string& beginning) { return text.rfind(beginning, 0) == 0; }

// An option as it is registered with CLI11, with its spellings.
struct Registered {
  const Names::Entry* entry;
  std::vector<std::string> spellings;
  CLI::Option* option;
};

std::vector<Registered> Register(const Names& names, CLI::App& app) {
  std::vector<Registered> all;
  for (const Names::Entry& entry : names.entries()) {
    if (entry.option == nullptr) continue;
    const std::vector<std::string> spellings = names.Spellings(entry);
    CLI::Option* option = app.add_option(Join(spellings, ","))->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    all.push_back({&entry, spellings, option});
  }
  return all;
}

const Registered* FindSpelling(const std::vector<Registered>& all, const std::string& spelling) {
  for (const Registered& one : all) {
    if (std::count(one.spellings.begin(), one.spellings.end(), spelling) > 0) return &one;
  }
  return nullptr;
}

// CLI11 takes "--name=" for a name whose value follows, and expects a value after a flag: both are expanded here.
std::vector<std::string> Expand(const std::vector<std::string>& arguments, const std::vector<Registered>& all) {
  std::vector<std::string> out;
  for (const std::string& argument : arguments) {
    const Registered* one = FindSpelling(all, argument);
    if (one != nullptr && one->entry->option->is_flag()) {
      out.push_back(one->spellings.back() + "=true");
    } else if (argument.size() > 3 && argument.find('=') == argument.size() - 1 &&
               FindSpelling(all, argument.substr(0, argument.size() - 1)) != nullptr) {
      out.insert(out.end(), {argument.substr(0, argument.size() - 1), ""});
    } else {
      out.push_back(argument);
    }
  }
  return out;
}

// The spellings under which the option was given, in order.
std::vector<std::string> AsTyped(const Registered& one, const std::vector<std::string>& arguments) {
  std::vector<std::string> typed;
  for (const std::string& argument : arguments) {
    for (const std::string& spelling : one.spellings) {
      if (argument == spelling || BeginsWith(argument, spelling + "=")) typed.push_back(spelling);
    }
  }
  return typed;
}

// A value that looks like an option was probably not meant as a value, unless it follows an "=".
bool IsMissing(const std::string& value, const Registered& one, const std::vector<std::string>& arguments) {
  if (!BeginsWith(value, "--")) return false;
  return std::none_of(one.spellings.begin(), one.spellings.end(), [&](const std::string& spelling) {
    return std::count(arguments.begin(), arguments.end(), spelling + "=" + value) > 0;
  });
}

void ReadValues(const Registered& one, const std::vector<std::string>& arguments, CommandLine& line) {
  const std::vector<std::string>& values = one.option->results();
  if (values.empty()) return;
  const std::vector<std::string> typed = AsTyped(one, arguments);
  const std::string field = typed.empty() ? one.spellings.back() : typed[0];
  const bool repeatable = one.entry->option->repeatable();
  const auto missing = std::find_if(values.begin(), values.end(),
                                    [&](const std::string& value) { return IsMissing(value, one, arguments); });
  if (values.size() > 1 && !repeatable && !(one.entry->builtin && one.entry->option->is_flag())) {
    line.faults.push_back(
        {.field = field, .found = "given more than once (" + Join(typed, ", ") + ")", .expected = "one value"});
  } else if (missing != values.end()) {
    const std::string& value = *missing;
    const bool as_typed = std::count(arguments.begin(), arguments.end(), value) > 0;  // else Expand added "=true"
    line.faults.push_back({.field = field,
                           .found = "is followed by " + Quote(as_typed ? value : value.substr(0, value.rfind('='))),
                           .expected = one.entry->option->Expected(),
                           .remedy = "If that is the value, write " + field + "=" + Quote(value) + "."});
  } else {
    line.settings.push_back({.path = one.entry->path,
                             .value = {},
                             .text = repeatable ? Join(values, ",") : values.back(),
                             .is_text = true,
                             .place = {.field = field}});
  }
}

ErrorDetail UnknownArgument(const Names& names, const std::string& argument) {
  const std::string typed = argument.substr(0, argument.find('='));
  const std::string name = typed.substr(std::min(typed.find_first_not_of('-'), typed.size()));
  const std::string bare = name.substr(name.rfind('.') + 1);
  std::vector<std::string> same = names.PathsNamed(bare);
  for (std::string& path : same) path = "--" + path;
  if (name == bare && same.size() > 1) {
    return {.field = typed, .found = "is ambiguous", .expected = "one of " + Join(same, ", ")};
  }
  const Names::Entry* elsewhere = names.Find(name);
  const bool other = elsewhere != nullptr && elsewhere->option == nullptr;
  return {.field = typed,
          .found = other ? "is an option of another command" : "unknown option",
          .expected = "an option of this command (see --help)",
          .remedy = Suggest("--" + name, names.AllSpellings(), same)};
}

// "Run folder." within a sentence: "run folder". An abbreviation at the beginning keeps its capitals.
std::string WithinSentence(std::string help) {
  if (help.ends_with('.')) help.pop_back();
  const auto is = [&](size_t i, char low, char high) { return i < help.size() && help[i] >= low && help[i] <= high; };
  if (is(0, 'A', 'Z') && is(1, 'a', 'z')) help[0] = static_cast<char>(help[0] - 'A' + 'a');
  return help;
}

void CheckPositionals(const std::vector<PositionalArgument>& wanted, bool may_lack, bool may_exceed,
                      CommandLine& line) {
  const std::vector<std::string>& given = line.positionals;
  const bool repeated = !wanted.empty() && wanted.back().repeated;
  for (size_t i = given.size(); i < wanted.size() && !may_lack; ++i) {
    if (!wanted[i].required) continue;
    line.faults.push_back(
        {.field = wanted[i].name, .found = "missing argument", .expected = WithinSentence(wanted[i].help)});
  }
  std::vector<std::string> names;
  for (const PositionalArgument& argument : wanted) names.push_back(argument.name);
  for (size_t i = wanted.size(); i < given.size() && !repeated && !may_exceed; ++i) {
    line.faults.push_back({.field = given[i].empty() ? "the empty string" : given[i],
                           .found = "unexpected argument",
                           .expected = names.empty() ? "options only" : "only " + Join(names, ", ")});
  }
}

// What CLI11 does not know is left in app.remaining().
void RunCli11(CLI::App& app, std::vector<std::string> arguments, const std::vector<Registered>& all,
              CommandLine& line) {
  const std::string last = arguments.empty() ? "" : arguments.back();
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ArgumentMismatch&) {  // the last argument is a name without its value
    const Registered* one = FindSpelling(all, last);
    TINT_CHECK(one != nullptr) << last;
    line.faults.push_back({.field = last, .found = "needs a value", .expected = one->entry->option->Expected()});
  } catch (const CLI::Error& error) {
    line.faults.push_back({.found = error.what()});
  }
}

}  // namespace

CommandLine ReadCommandLine(const Names& names, const std::vector<PositionalArgument>& wanted,
                            const std::vector<std::string>& arguments) {
  CommandLine line;
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  const std::vector<Registered> all = Register(names, app);
  const auto mark = std::find(arguments.begin(), arguments.end(), "--");  // no options after it
  const std::vector<std::string> before(arguments.begin(), mark);
  RunCli11(app, Expand(before, all), all, line);
  for (const Registered& one : all) ReadValues(one, before, line);
  for (const std::string& rest : app.remaining()) {
    if (rest.size() > 1 && rest[0] == '-') {
      line.faults.push_back(UnknownArgument(names, rest));
    } else {
      line.positionals.push_back(rest);
    }
  }
  if (mark != arguments.end()) line.positionals.insert(line.positionals.end(), mark + 1, arguments.end());
  const bool informs = std::any_of(line.settings.begin(), line.settings.end(), [](const Setting& setting) {
    return setting.path == "help" || setting.path == "print-config";
  });
  // The value of an unknown option would count as an argument.
  CheckPositionals(wanted, informs, !line.faults.empty(), line);
  return line;
}

}  // namespace tint

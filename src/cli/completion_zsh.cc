// SPDX-License-Identifier: Apache-2.0
// Completion for zsh, by _arguments; descriptions are the first sentence of each option's help.
#include "completion.h"
#include "tint/base/shell.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr size_t kLongestDescription = 90;

constexpr char kZshHead[] = R"(#compdef tint
# zsh completion for tint, written by `tint completion zsh`. Put it as _tint into a folder of $fpath, before compinit:
# tint completion zsh > ~/.zsh/completions/_tint

_tint_datasets() {
  local -a sets
  [[ -z $TINT_DATA ]] || sets=($TINT_DATA/*(N/:t))
  compadd -a sets
}
)";

constexpr char kZshTail[] = R"(
_tint() {
  local curcontext=$curcontext helping=
  if (( CURRENT > 2 )) && [[ $words[2] == help ]]; then
    helping=1
    shift words
    (( CURRENT-- ))
  fi
  if (( CURRENT == 2 )); then
    local -a commands topics
    _tint_commands
    if [[ -n $helping ]]; then _describe -t topics topic topics; else commands+=('help:explain a command' ); fi
    _describe -t commands 'tint command' commands
    return
  fi
  local -a seconds
  _tint_seconds $words[2]
  if (( ${#seconds} == 0 )); then
    local name=$words[2]
    shift words
    (( CURRENT-- ))
  elif (( CURRENT == 3 )); then
    _describe -t commands "tint $words[2]" seconds
    return
  else
    local name=$words[2]-$words[3]
    shift 2 words
    (( CURRENT -= 2 ))
  fi
  [[ -z $helping ]] || return 1
  (( $+functions[_tint-$name] )) || return 1
  _tint-$name
}

if [[ $funcstack[1] == _tint ]]; then _tint "$@"; else compdef _tint tint; fi
)";

// The first sentence, or as much of it as fits a line.
std::string Short(const std::string& help) {
  std::string text = help.substr(0, std::min({help.find(". "), help.find("; "), help.size()}));
  if (text.ends_with('.')) text.pop_back();
  if (text.size() <= kLongestDescription) return text;
  return text.substr(0, text.rfind(' ', kLongestDescription - 3)) + "...";
}

std::string Escaped(const std::string& text, const std::string& special) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || special.find(c) != std::string::npos) out += '\\';
    out += c;
  }
  return out;
}

// What _arguments does for a value; "" offers nothing.
std::string Action(TextKind kind, const std::vector<std::string>& words) {
  std::string action;
  if (kind == TextKind::kFile || kind == TextKind::kFileOrFolder) action = "_files";
  if (kind == TextKind::kFolder) action = "_files -/";
  if (kind == TextKind::kDataset) action = "_tint_datasets";
  if (words.empty()) return action.empty() ? " " : action;
  const std::string list = "(" + Join(words, " ") + ")";
  if (action.empty()) return list;
  // A colon would end the action.
  return "{_alternative \"values\\:value\\:" + list + "\" \"files\\:file\\:" + action + "\"}";
}

std::string OptionSpecs(const OptionDescription& option) {
  std::string out;
  const std::string exclusive = option.repeatable ? "*" : "(" + Join(option.spellings, " ") + ")";
  for (const std::string& spelling : option.spellings) {
    std::string spec = exclusive + spelling + (option.flag ? "" : "=") + "[" + Escaped(Short(option.help), "[]") + "]";
    if (!option.flag) spec += ":" + Escaped(option.name, ":") + ":" + Action(option.kind, option.offers);
    out += "    " + ShellQuoted(spec) + "\n";
  }
  return out;
}

std::string CommandFunction(const CommandDescription& command) {
  std::string name = command.name;
  for (char& c : name) c = c == ' ' ? '-' : c;
  std::string out = "\n_tint-" + name + "() {\n  local -a specs=(\n";
  for (const OptionDescription& option : command.options) out += OptionSpecs(option);
  for (const PositionalArgument& argument : command.arguments) {
    const std::string place = argument.repeated ? "*:" : argument.required ? ":" : "::";
    out += "    " + ShellQuoted(place + Escaped(argument.name, ":") + ":" + Action(argument.kind, argument.choices)) +
           "\n";
  }
  return out + "  )\n  _arguments $specs\n}\n";
}

std::string Described(const std::string& word, const std::string& meaning) {
  return ShellQuoted(Escaped(word, ":") + ":" + meaning);
}

std::string CommandCases(const Manual& manual) {
  std::string firsts, seconds, topics;
  for (const FirstWord& first : FirstWords(manual)) {
    std::vector<std::string> names;
    std::string described;
    for (const CommandDescription* command : first.commands) {
      names.push_back(SecondWord(*command));
      described += " " + Described(SecondWord(*command), command->summary);
    }
    firsts +=
        "    " + Described(first.word, first.two_words ? Join(names, ", ") : first.commands.front()->summary) + "\n";
    if (first.two_words) seconds += "    " + first.word + ") seconds=(" + described.substr(1) + ") ;;\n";
  }
  for (const Named& topic : manual.help_topics) topics += "    " + Described(topic.name, topic.meaning) + "\n";
  return "\n_tint_commands() {\n  commands=(\n" + firsts + "  )\n  topics=(\n" + topics + "  )\n}\n" +
         "\n_tint_seconds() {\n  case $1 in\n" + seconds + "  esac\n}\n";
}

}  // namespace

std::string ZshCompletion(const Manual& manual) {
  std::string out = kZshHead + CommandCases(manual);
  for (const CommandDescription& command : manual.commands) out += CommandFunction(command);
  return out + kZshTail;
}

}  // namespace tint

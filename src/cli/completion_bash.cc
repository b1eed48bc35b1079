// SPDX-License-Identifier: Apache-2.0
// Completion for bash 4 and later. The script is self-contained: it needs no package of completion helpers, and never
// runs tint, whose start is too slow for a key press.
#include <algorithm>
#include <map>

#include "completion.h"
#include "tint/base/shell.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr char kBashHead[] =
    R"(# bash completion for tint, written by `tint completion bash`.
#   this shell:  source <(tint completion bash)
#   all shells:  tint completion bash > ~/.local/share/bash-completion/completions/tint
)";

constexpr char kFunctions[] = R"(
# Offers $words and what $kind says, for the word $cur.
_tint_offer() {
  local typed=${cur//\\/} set
  typed=${typed#[\"\']}
  [[ -z $words ]] || COMPREPLY+=($(compgen -W "$words" -- "$typed"))
  case $kind in
    file|path) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$typed") ;;
    folder) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$typed") ;;
    dataset)
      for set in "${TINT_DATA:-/nowhere}"/*/; do
        set=${set%/} set=${set##*/}
        [[ $set == '*' || $set != "$typed"* ]] || COMPREPLY+=("$set")
      done ;;
  esac
  case $kind in file|path|folder) compopt -o filenames 2>/dev/null ;; esac
  return 0
}

# Offers the options of $command: those with a short name by it, the others by their stage until a stage is typed.
_tint_offer_options() {
  local option list=
  _tint_options "$command"
  for option in $options; do
    case $option in
      *.*) if [[ $cur == *.* ]]; then list+=" $option"; else list+=" ${option%%.*}."; fi ;;
      *) list+=" $option" ;;
    esac
  done
  mapfile -t COMPREPLY < <(compgen -W "$list" -- "$cur" | sort -u)
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *. ]]; then
    compopt -o nospace 2>/dev/null
  fi
  return 0
}

_tint() {
  COMPREPLY=()
  local cur=${COMP_WORDS[COMP_CWORD]} command= kind=text words= options= waiting= helping= word
  local -i argument=0
  local -a before=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
  if [[ ${before[0]} == help ]]; then
    helping=1
    before=("${before[@]:1}")
  fi
  _tint_command
  if [[ -z $command ]]; then
    _tint_offer
    return
  fi
  [[ -z $helping ]] || return 0
  for word in "${before[@]}"; do
    if [[ $word == = ]]; then
      continue  # bash cuts --name=value at the sign
    elif [[ -n $waiting ]]; then
      waiting=
    elif [[ $word == -* ]]; then
      _tint_takes "$command" "$word"
      [[ $kind == flag ]] || waiting=$word
    else
      argument+=1
    fi
  done
  [[ $cur != = ]] || cur=
  if [[ -n $waiting ]]; then
    _tint_takes "$command" "$waiting"
    _tint_offer
    return
  fi
  _tint_argument "$command" "$argument"
  if [[ $cur == -* || $kind == none ]]; then
    _tint_offer_options
  else
    _tint_offer
  fi
}

complete -F _tint tint
)";

std::string Assignments(const std::string& kind, const std::vector<std::string>& words) {
  return "kind=" + kind + (words.empty() ? "" : " words=" + ShellQuoted(Join(words, " ")));
}

// Sets `command` and takes it from `before`; or, while it is not whole, `words` to what may follow.
std::string CommandFunction(const Manual& manual) {
  std::vector<std::string> firsts, topics;
  std::string cases;
  for (const FirstWord& first : FirstWords(manual)) {
    firsts.push_back(first.word);
    std::vector<std::string> seconds;
    for (const CommandDescription* command : first.commands) {
      if (first.two_words) seconds.push_back(SecondWord(*command));
    }
    cases += "    " + first.word + ")";
    if (!first.two_words) {
      cases += " command=" + first.word + " before=(\"${before[@]:1}\") ;;\n";
      continue;
    }
    cases += "\n      case ${before[1]} in\n        " + Join(seconds, "|") +
             ") command=\"${before[0]} ${before[1]}\" before=(\"${before[@]:2}\") ;;\n" +
             "        *) [[ ${#before[@]} != 1 ]] || words='" + Join(seconds, " ") + "' ;;\n      esac ;;\n";
  }
  for (const Named& topic : manual.help_topics) topics.push_back(topic.name);
  return "\n# Takes the command from `before`; while it is not whole, sets words to what may follow.\n"
         "_tint_command() {\n  case ${before[0]} in\n" +
         cases + "    '')\n      words='" + Join(firsts, " ") + "'\n      if [[ -n $helping ]]; then words+=' " +
         Join(topics, " ") + "'; else words+=' help --version'; fi ;;\n  esac\n}\n";
}

std::string OptionsFunction(const Manual& manual) {
  std::string out =
      "\n# Sets options to all spellings of the options of command $1.\n_tint_options() {\n  case $1 in\n";
  for (const CommandDescription& command : manual.commands) {
    out += "    '" + command.name + "') options='";
    for (const OptionDescription& option : command.options) {
      // A bare name says all that the long one says, and is found sooner.
      const auto& spellings = option.spellings;
      out += (&option == &command.options.front() ? "" : " ") + Join(spellings, " ");
    }
    out += "' ;;\n";
  }
  return out + "  esac\n}\n";
}

std::string TakesFunction(const Manual& manual) {
  std::string out =
      "\n# What follows option $2 of command $1: sets kind to flag, text, file, folder, path or dataset, and words to "
      "values.\n_tint_takes() {\n  kind=text words=\n  case $1 in\n";
  for (const CommandDescription& command : manual.commands) {
    std::map<std::string, std::vector<std::string>> by_kind;
    for (const OptionDescription& option : command.options) {
      const std::string what = Assignments(KindWord(option.kind, option.flag), option.offers);
      if (what == "kind=text") continue;  // as above
      by_kind[what].insert(by_kind[what].end(), option.spellings.begin(), option.spellings.end());
    }
    out += "    '" + command.name + "')\n      case $2 in\n";
    for (const auto& [what, spellings] : by_kind) out += "        " + Join(spellings, "|") + ") " + what + " ;;\n";
    out += "      esac ;;\n";
  }
  return out + "  esac\n}\n";
}

std::string ArgumentFunction(const Manual& manual) {
  std::string out =
      "\n# What argument number $2 (from 0) of command $1 is: sets kind, also to none, and words.\n"
      "_tint_argument() {\n  kind=none words=\n  case $1:$2 in\n";
  for (const CommandDescription& command : manual.commands) {
    for (size_t i = 0; i < command.arguments.size(); ++i) {
      const PositionalArgument& argument = command.arguments[i];
      out += "    '" + command.name + ":'" + (argument.repeated ? "*" : std::to_string(i)) + ") " +
             Assignments(KindWord(argument.kind, false), argument.choices) + " ;;\n";
    }
  }
  return out + "  esac\n}\n";
}

}  // namespace

std::string BashCompletion(const Manual& manual) {
  return kBashHead + CommandFunction(manual) + OptionsFunction(manual) + TakesFunction(manual) +
         ArgumentFunction(manual) + kFunctions;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// What a command declares, as plain data for --help, the manual, the reference and completion.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tint/options/resolve.h"

namespace tint {

struct OptionDescription {
  std::string group;                   // "" = of the run, else the stage
  std::string name;                    // without the group
  std::vector<std::string> spellings;  // on this command: "-h", "--help"; "--alpha", "--generate.alpha"
  std::string json_path;               // in a configuration file, a dot between levels; "" where a file cannot give it
  std::string variable;                // "TINT_GENERATE_ALPHA"; "" where the environment cannot give it
  std::string placeholder;             // shown for its value: "N", "X", "FILE", "adam|adamw"; "" for flags
  std::string expected;                // "an integer in [1, 1000]"; "" where the placeholder says all
  std::string unit, help, source;
  std::string default_value;                                 // "empty" for the empty text
  std::vector<std::pair<std::string, std::string>> presets;  // preset and its value, where it differs
  std::vector<std::string> offers;                           // values that completion offers
  TextKind kind = TextKind::kPlain;
  bool builtin = false;     // of every command: --help, --preset, --config, --print-config
  bool flag = false;        // the name alone means true
  bool repeatable = false;  // may be given several times
  bool obvious = false;     // default and range need no mention
};

struct CommandDescription {
  std::string group;  // of the table of commands; set by whoever has that table
  std::string name, summary;
  std::string usage;  // "tint inspect RUN [--OPTION VALUE ...]"
  std::vector<PositionalArgument> arguments;
  std::vector<OptionDescription> options;  // builtin ones first, then by group in order of declaration

  // The groups that have options, without "", in order of declaration.
  std::vector<std::string> Groups() const;
};

// "An integer in [1, 1000] (pixels). Default: 96; upstream: 128. Source: paper section 3.1.", or "" for what is
// obvious.
std::string Facts(const OptionDescription& option);

// Of an option without a choice: "FILE", "DIR", "NAME", "TEXT".
std::string KindName(TextKind kind);

// Where a value comes from: flag, variable, file, preset, default.
const std::string& PrecedenceText();

}  // namespace tint

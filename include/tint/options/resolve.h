// SPDX-License-Identifier: Apache-2.0
// Where each value comes from: flag, then environment, then configuration file, then preset, then default.
//
// Spellings of option `alpha` of stage `generate`: flag `--generate.alpha` (and `--alpha` where it is unique, or on the
// stage's own command), JSON {"generate": {"alpha": 1.0}}, environment TINT_GENERATE_ALPHA. Global options have no
// stage:
// --seed, {"seed": 1}, TINT_SEED.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tint/options/option.h"

namespace tint {

struct CommandDescription;  // tint/options/describe.h

enum class Origin { kDefault, kPreset, kFile, kEnvironment, kFlag };
std::string OriginName(Origin origin);  // "default", "preset", "file", "environment", "flag"

struct OptionGroup {
  std::string name;  // "" = global; else the stage
  OptionList list;
};

struct PositionalArgument {
  std::string name;  // as in help: "RUN"
  std::string help;
  bool required = true;
  bool repeated = false;
  TextKind kind = TextKind::kPlain;
  std::vector<std::string> choices = {};  // the values it may take, where they are few; for help and completion
};

// A command's grammar and, after Parse, its values (written into the declaring structs) and their origins.
class CommandOptions {
 public:
  // `command` as typed ("specialize", "episodes draw"); `bare_group` is the stage whose options may be given without
  // prefix even where another stage has the name ("" = only unique names).
  CommandOptions(std::string command, std::string summary, std::string bare_group = "");

  OptionList& Group(const std::string& name);  // created at first use, in order; its address does not change
  void Positional(PositionalArgument argument);
  // Options of other commands ("" = global ones): a configuration file and the environment may contain them although
  // this command does not use them, so that one file serves all commands. Their values are not read.
  void KnownElsewhere(const std::string& group, const std::vector<std::string>& names);

  // A name without prefix means the global option of that name, else bare_group's, else the only stage's that has it.
  // Understands also: --help, -h, --preset paper|upstream|smoke, --config FILE, --print-config. Throws Error(kUsage)
  // for the command line (unknown option with the nearest name, value missing, given twice, ambiguous bare name with
  // its candidates, wrong type, out of range: all faults in one message) and Error(kBadConfiguration) for file and
  // environment, naming file, line, column, field, found, expected, nearest name. TINT_* variables that name no option
  // of any command are refused too, except those in `ReservedVariables()` (TINT_DATA, ...). A configuration file that
  // is not there is Error(kMissingInput). With --help nothing else is read. Call it once.
  void Parse(const std::vector<std::string>& arguments);

  bool help_requested() const { return help_requested_; }
  bool print_config_requested() const { return print_config_requested_; }
  const std::string& preset() const { return preset_; }
  const std::vector<std::string>& positionals() const { return positionals_; }

  // All that was declared, without the values.
  CommandDescription Describe() const;
  std::string HelpText() const;
  // {"preset": "smoke", "seed": {"value": 0, "origin": "default"}, "generate": {"alpha": {"value": 1.0, "origin":
  // "preset"}, ...}}
  Json ConfigWithOrigins() const;
  // As text: one line per value: name, value, unit, origin.
  std::string ConfigTable() const;
  // As ConfigWithOrigins for one group, without options that are not in keys.
  Json StoredGroup(const std::string& name) const;
  // Values of a group as StoredGroup gave them, for options that the command line, file and environment left alone;
  // their origins are kept. Values that no longer fit: Error(kBadConfiguration) that names `stored_in`.
  void AdoptStored(const std::string& name, const Json& stored, const std::string& stored_in);
  const std::deque<OptionGroup>& groups() const { return groups_; }
  // Of "seed", "generate.alpha", after Parse.
  Origin origin(const std::string& path) const;

 private:
  std::string command_, summary_, bare_group_, preset_ = "paper";
  std::deque<OptionGroup> groups_;
  std::vector<PositionalArgument> arguments_;
  std::map<std::string, std::vector<std::string>> known_elsewhere_;
  std::map<std::string, Origin> origins_;  // "generate.alpha" -> origin
  std::vector<std::string> positionals_;
  bool help_requested_ = false;
  bool print_config_requested_ = false;
};

struct ReservedVariable {
  std::string name;     // a final '*' matches any ending
  std::string meaning;  // "" for those of tests
};
// Variables that the program reads and that are not options.
const std::vector<ReservedVariable>& ReservedVariables();
// The presets: "paper" (the defaults), "upstream", "smoke".
const std::vector<std::string>& PresetNames();

}  // namespace tint

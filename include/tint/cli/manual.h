// SPDX-License-Identifier: Apache-2.0
// Reference, man page and completion scripts, made from the declarations of all commands.
#pragma once

#include <string>
#include <vector>

#include "tint/options/describe.h"

namespace tint {

// A name and one sentence about it: an exit code, a file.
struct Named {
  std::string name, meaning;
};

struct Manual {
  std::string version;
  std::string summary;                       // one line, what the program is for
  std::vector<std::string> groups;           // of commands, in the order of the overview
  std::vector<CommandDescription> commands;  // each with its group
  std::vector<Named> help_topics;            // what `tint help` takes besides a command: "exit-codes", "--man"
  std::vector<Named> exit_codes;             // "75", "stopped by a signal, ..."
  std::vector<Named> files;                  // what the program reads and writes, for the man page
};

// Options described together: those of every command, or one group of the commands that declare it alike.
struct OptionSection {
  std::vector<std::string> commands;  // names; empty: every command
  std::string group;                  // "" = of the run
  std::vector<OptionDescription> options;
};
// Each option of each command is in exactly one section of that command. Spellings are those of the first command
// of the section: a stage's own command knows more bare names.
std::vector<OptionSection> OptionSections(const Manual& manual);

// docs/reference.md.
std::string ToMarkdown(const Manual& manual);
// tint.1, roff with the macros of man(7).
std::string ToManPage(const Manual& manual);
// Scripts for the shells: commands, also of two words, their options, and the values of those.
std::string BashCompletion(const Manual& manual);
std::string ZshCompletion(const Manual& manual);

}  // namespace tint

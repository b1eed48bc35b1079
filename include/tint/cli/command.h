// SPDX-License-Identifier: Apache-2.0
// The table of commands, in the order of help: main dispatches by it, and help, manual and completion are made from it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tint/cli/shell_options.h"
#include "tint/options/describe.h"
#include "tint/options/resolve.h"

namespace tint {

// One invocation of a command: the values of its options, what it declares and what it does.
class CommandHandler {
 public:
  CommandHandler() = default;
  CommandHandler(const CommandHandler&) = delete;
  CommandHandler& operator=(const CommandHandler&) = delete;
  virtual ~CommandHandler() = default;

  // Declares options and arguments, and does nothing else: help, manual and completion call it, and so does every other
  // command, whose configuration file and environment may hold these options. ShellOptions are declared for it.
  virtual void Declare(CommandOptions& options) = 0;
  // After parsing, before --print-config: sets values that depend on other values.
  virtual void Complete(CommandOptions& /*options*/) {}
  // Does the work and prints the result. `options` holds the positional arguments and where each value came from.
  virtual void Run(const CommandOptions& options) = 0;

  ShellOptions shell;
};

struct Command {
  std::string group;    // "Pipeline", "Stages", "Prepare", "Analyze", "Diagnose"
  std::string name;     // one or two words: "specialize", "episodes draw"
  std::string summary;  // one line
  bool computes;        // runs LibTorch for longer than a moment (see PreferShortOpenMpSpins)
  std::unique_ptr<CommandHandler> (*make)(const std::string& name);
};

const std::vector<Command>& Commands();
// The groups, in the order of help.
const std::vector<std::string>& CommandGroups();

// The command whose one or two words begin `arguments`, or nullptr; *words: how many words those are.
const Command* FindCommand(const std::vector<std::string>& arguments, size_t* words);

// What a command declares.
CommandDescription Describe(const Command& command);

// Runs `tint ARGUMENTS...` and returns the exit code. Every exception ends here, as one message on stderr.
int RunCommandLine(const std::vector<std::string>& arguments);

}  // namespace tint

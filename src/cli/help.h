// SPDX-License-Identifier: Apache-2.0
// What `tint help` prints, and what the program answers where no command is run.
#pragma once

#include <string>
#include <vector>

#include "tint/cli/manual.h"

namespace tint {

// The table of commands, as `tint --help` prints it.
std::string Overview();
// Whether some command's two words begin with `word`: "episodes".
bool IsFirstWord(const std::string& word);
// The commands that begin with `word`, as `tint episodes` prints them.
std::string OverviewOf(const std::string& word);
// Prints what `tint help TOPIC` shows where TOPIC is no command: exit-codes, --man, --markdown. False: no such topic.
bool PrintTopic(const std::string& topic);
// Error(kUsage) for arguments that begin with no command, with the nearest ones.
[[noreturn]] void FailUnknownCommand(const std::vector<std::string>& arguments);
// Every command with its options, exit codes, files.
Manual ProgramManual();

}  // namespace tint

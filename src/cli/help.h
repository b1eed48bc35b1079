// What `tint help` tells of the whole program.
#pragma once

#include <string>

#include "tint/cli/manual.h"

namespace tint {

// The table of commands, as `tint --help` prints it.
std::string Overview();
// Prints what `tint help TOPIC` tells where TOPIC is no command: exit-codes, --man, --markdown. False: no such topic.
bool PrintTopic(const std::string& topic);
// Every command with its options, exit codes, files.
Manual ProgramManual();

}  // namespace tint

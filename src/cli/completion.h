// SPDX-License-Identifier: Apache-2.0
// Common parts of the completion scripts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tint/cli/manual.h"

namespace tint {

// First words of commands in the order of the table, with the second words of those that have two: {"verify", {}},
// {"episodes", {"draw", "check", ...}}.
struct FirstWord {
  std::string word;
  std::vector<const CommandDescription*> commands;  // one, or those of two words
  bool two_words = false;
};
std::vector<FirstWord> FirstWords(const Manual& manual);
// The second word of a command, or "".
std::string SecondWord(const CommandDescription& command);

// "flag", "text", "file", "folder", "path", "dataset".
std::string KindWord(TextKind kind, bool flag);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "completion.h"

#include "tint/base/text.h"

namespace tint {

std::vector<FirstWord> FirstWords(const Manual& manual) {
  std::vector<FirstWord> words;
  for (const CommandDescription& command : manual.commands) {
    const std::string first = Split(command.name, ' ')[0];
    FirstWord* known = nullptr;
    for (FirstWord& word : words) {
      if (word.word == first) known = &word;
    }
    if (known == nullptr) known = &words.emplace_back(FirstWord{first, {}, first != command.name});
    known->commands.push_back(&command);
  }
  return words;
}

std::string SecondWord(const CommandDescription& command) {
  const std::vector<std::string> words = Split(command.name, ' ');
  return words.size() > 1 ? words[1] : "";
}

std::string KindWord(TextKind kind, bool flag) {
  if (flag) return "flag";
  switch (kind) {
    case TextKind::kFile:
      return "file";
    case TextKind::kFolder:
      return "folder";
    case TextKind::kFileOrFolder:
      return "path";
    case TextKind::kDataset:
      return "dataset";
    case TextKind::kPlain:
      break;
  }
  return "text";
}

}  // namespace tint

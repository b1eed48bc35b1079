// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "commands.h"
#include "tint/artifacts/version.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr char kSummary[] = "train a tiny image classifier from a few labelled photos per class";

const std::vector<Named>& ExitCodes() {
  static const std::vector<Named> codes = {
      {"0", "success"},
      {"64", "wrong usage of the command line"},
      {"65", "invalid input data: an image, an episode file, a data set"},
      {"66", "missing input: a file, a model role, an earlier stage"},
      {"69", "device or driver missing"},
      {"70", "internal error, or numbers that are not finite"},
      {"71", "out of memory (host or GPU)"},
      {"73", "output cannot be created"},
      {"74", "input/output error, disk full"},
      {"75", "stopped by a signal, state saved: run the same command again to resume"},
      {"76", "an artifact does not match its hash"},
      {"77", "a model that models.json does not list, or permission denied"},
      {"78", "invalid configuration: file, environment or model list"},
      {"79", "another worker is computing this episode: try again later"},
  };
  return codes;
}

std::string ExitCodeTable() {
  std::string text = "Exit codes of tint\n";
  for (const Named& code : ExitCodes()) text += fmt::format("{:>4}  {}\n", code.name, code.meaning);
  return text + "75 and 79 mean \"try again\"; no other does.\n";
}

std::string CommandLineOf(const Command& command) {
  return fmt::format("  {:<21} {}\n", command.name, command.summary);
}

// As a name in a message, in single quotes.
std::string Quoted(const std::string& name) {
  const std::string quoted = Quote(name);
  return quoted.starts_with("'") ? quoted : "'" + quoted + "'";
}

// At most three commands that may have been meant by `typed`, nearest first.
std::vector<std::string> NearCommands(const std::string& typed) {
  constexpr size_t kMost = 3, kMaxDistance = 2, kMaxLength = 64;
  if (typed.size() < 2 || typed.size() > kMaxLength) return {};
  const size_t limit = std::min(kMaxDistance, typed.size() / 3);
  std::vector<std::pair<size_t, std::string>> near;
  const auto consider = [&](const std::string& name) {
    const bool prefix = name.starts_with(typed) || typed.starts_with(name);
    const size_t distance = EditDistance(typed, name);
    const bool known = std::any_of(near.begin(), near.end(), [&](const auto& one) { return one.second == name; });
    if (!known && (prefix || distance <= limit)) near.emplace_back(prefix ? 0 : distance, name);
  };
  for (const Command& command : Commands()) {
    consider(command.name);
    consider(Split(command.name, ' ')[0]);  // "episodes"
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, name] : near) {
    if (names.size() < kMost) names.push_back(name);
  }
  return names;
}

}  // namespace

std::string Overview() {
  std::string text = "tint " + ToolVersion() + ": " + kSummary + "\n\nUsage: tint COMMAND [OPTIONS]\n";
  for (const std::string& group : CommandGroups()) {
    text += "\n" + group + ":\n";
    for (const Command& command : Commands()) {
      if (command.group == group) text += CommandLineOf(command);
    }
  }
  return text +
         "\ntint COMMAND --help     show the options of a command"
         "\ntint help exit-codes    list the exit codes"
         "\ntint help --man         print the manual as a man page (view it: tint help --man | man -l -)"
         "\ntint help --markdown    print the manual as Markdown"
         "\ntint --version          print the version\n";
}

bool IsFirstWord(const std::string& word) {
  const auto& commands = Commands();
  return std::any_of(commands.begin(), commands.end(),
                     [&](const Command& command) { return command.name.starts_with(word + " "); });
}

std::string OverviewOf(const std::string& word) {
  std::string text = "Usage: tint " + word + " COMMAND [OPTIONS]\n\nCommands:\n";
  for (const Command& command : Commands()) {
    if (command.name.starts_with(word + " ")) text += CommandLineOf(command);
  }
  return text + "\ntint " + word + " COMMAND --help     show the options of a command\n";
}

void FailUnknownCommand(const std::vector<std::string>& arguments) {
  const bool second = IsFirstWord(arguments[0]) && arguments.size() > 1;
  const std::string typed = arguments[0] + (second ? " " + arguments[1] : "");
  std::string message = "unknown command " + Quoted(typed) + ".";
  std::vector<std::string> near = NearCommands(typed);
  std::erase(near, arguments[0]);
  if (!near.empty()) message += " Did you mean '" + Join(near, "' or '") + "'?";
  Fail(ExitCode::kUsage, message + " Run 'tint help" + (second ? " " + arguments[0] : "") + "' for the list.");
}

Manual ProgramManual() {
  Manual manual{.version = ToolVersion(),
                .summary = kSummary,
                .groups = CommandGroups(),
                .commands = {},
                .help_topics = {{"exit-codes", "list the exit codes"},
                                {"--man", "print the manual as a man page"},
                                {"--markdown", "print the manual as Markdown"}},
                .exit_codes = ExitCodes(),
                .files = {{"RUN/run.json", "Options, models, data and device of the run."},
                          {"RUN/episodes/EPISODE/STAGE/KEY/",
                           "Result of a stage. KEY is a hash of everything that determines it; done.json, written "
                           "last, lists its files with their hashes. EPISODE is a number, or support for your photos."},
                          {"RUN/shared/features/KEY/", "Features of the base images, shared by all episodes."},
                          {"MODELS/models.json", "The files of a model set, their SHA-256 and what they compute."},
                          {"$TINT_DATA/NAME/", "A data set, read with --dataset NAME."}}};
  for (const Command& command : Commands()) manual.commands.push_back(Describe(command));
  return manual;
}

bool PrintTopic(const std::string& topic) {
  if (topic == "exit-codes") {
    std::cout << ExitCodeTable();
  } else if (topic == "--man") {
    std::cout << ToManPage(ProgramManual());
  } else if (topic == "--markdown") {
    std::cout << ToMarkdown(ProgramManual());
  } else {
    return false;
  }
  return true;
}

}  // namespace tint

// help and completion: the program told from its tables.
#include "help.h"

#include <iostream>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"

namespace tint {
namespace {

const std::vector<Named>& ExitCodes() {
  static const std::vector<Named> codes = {
      {"0", "done"},
      {"64", "usage: the command line"},
      {"65", "bad input data: an image, an episode file, a data set"},
      {"66", "input missing: a file, a model role, an earlier stage"},
      {"69", "device or driver missing"},
      {"70", "internal fault, or numbers that are not finite"},
      {"71", "out of memory (host or GPU)"},
      {"73", "output cannot be created"},
      {"74", "input/output error, disk full"},
      {"75", "stopped by a signal, state saved: run the same command again"},
      {"76", "an artifact does not match its hash"},
      {"77", "a model that models.json does not list, or permission denied"},
      {"78", "bad configuration: file, environment or model list"},
      {"79", "another worker has this episode: try again later"},
  };
  return codes;
}

const std::vector<Named>& Groups() {
  static const std::vector<Named> groups = {{"whole", "the whole pipeline"},
                                            {"stages", "its stages, in order"},
                                            {"before", "before"},
                                            {"after", "after"},
                                            {"doubt", "when in doubt"}};
  return groups;
}

constexpr char kSummary[] = "five labelled photos per class go in, a tiny, fast classifier comes out";

std::string ExitCodeTable() {
  std::string text = "Exit codes of tint\n";
  for (const Named& code : ExitCodes())
    text += std::string(4 - code.name.size(), ' ') + code.name + "  " + code.meaning + "\n";
  return text + "75 and 79 mean \"try again\"; no other does.\n";
}

}  // namespace

std::string Overview() {
  std::string text = "tint " + ToolVersion() + ": " + kSummary +
                     "\n\nusage: tint COMMAND [OPTIONS]; tint COMMAND --help teaches each\n";
  for (const Named& group : Groups()) {
    text += "\n" + group.meaning + ":\n";
    for (const Command& command : Commands()) {
      if (command.group != group.name) continue;
      text += "  " + command.name + std::string(22 - std::min<size_t>(21, command.name.size()), ' ') + command.summary +
              "\n";
    }
  }
  return text +
         "\ntint help exit-codes: what the exit codes mean"
         "\ntint help --man, --markdown: all of it as a man page (tint help --man | man -l -) or as Markdown\n";
}

Manual ProgramManual() {
  Manual manual{.version = ToolVersion(),
                .summary = kSummary,
                .groups = Groups(),
                .commands = {},
                .help_topics = {{"exit-codes", "what the exit codes mean"},
                                {"--man", "all commands and options as a man page"},
                                {"--markdown", "the same as Markdown"}},
                .exit_codes = ExitCodes(),
                .files = {{"RUN/run.json", "What ran: options, models, data, device."},
                          {"RUN/episodes/EPISODE/STAGE/KEY/",
                           "A stage's result. KEY is a hash of all that may change it; done.json, written last, lists "
                           "its files with their hashes. EPISODE is a number, or support for your own photos."},
                          {"RUN/shared/features/KEY/", "Features of the base images, which all episodes read."},
                          {"MODELS/models.json", "The files of a model set, their SHA-256 and what they compute."},
                          {"$TINT_DATA/NAME/", "A data set, as --dataset NAME reads it."}}};
  for (const Command& command : Commands()) {
    ReadGrammar(command, [&](const CommandOptions& grammar) {
      manual.commands.push_back(grammar.Describe());
      manual.commands.back().group = command.group;
    });
  }
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

int RunCompletion(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  shell.Declare(grammar.Group(""));
  const std::vector<std::string> known = {"bash", "zsh"};
  grammar.Positional({"SHELL",
                      "bash: source <(tint completion bash), or into ~/.local/share/bash-completion/completions/tint. "
                      "zsh: into a folder of $fpath, as _tint.",
                      true, false, TextKind::kPlain, known});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const std::string& wanted = grammar.positionals().at(0);
  if (wanted != "bash" && wanted != "zsh")
    Fail(ExitCode::kUsage, {.field = "SHELL",
                            .found = Quote(wanted),
                            .expected = Join(known, " or "),
                            .remedy = DidYouMean(wanted, known)});
  const std::string script = wanted == "bash" ? BashCompletion(ProgramManual()) : ZshCompletion(ProgramManual());
  PrintResult(shell, {{"shell", wanted}, {"script", script}}, script);
  return 0;
}

}  // namespace tint

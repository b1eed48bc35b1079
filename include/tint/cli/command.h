// The table of commands, in pipeline order: help is printed from it, and main dispatches by it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/options/resolve.h"
#include "tint/stages/options.h"

namespace tint {

struct Command {
  std::string group;    // "whole", "stages", "before", "after", "doubt"
  std::string name;     // one or two words
  std::string summary;  // one line
  int (*run)(const Command& command, const std::vector<std::string>& arguments);
};

const std::vector<Command>& Commands();

// Runs `tint ARGUMENTS...` and returns the exit code. Every exception ends here, as one message on stderr.
int RunCommandLine(const std::vector<std::string>& arguments);

// Hands the command's options over as it declares them; nothing of it runs. Not to be nested.
using GrammarReader = std::function<void(const CommandOptions&)>;
void ReadGrammar(const Command& command, const GrammarReader& reader);

// The shared beats of a command. Parses; lets `after_parsing` complete the values; answers --help and --print-config
// (then returns false: nothing else to do); sets up logging and progress.
bool BeginCommand(CommandOptions& command, const ShellOptions& shell, const std::vector<std::string>& arguments,
                  const std::function<void()>& after_parsing = {});
// The result on stdout: `json` as one object with --json, else `text`.
void PrintResult(const ShellOptions& shell, const Json& json, const std::string& text);

// The file that an export writes, --out: not given, or without the extension by which other tools know the format:
// Error(kUsage); among the results of a run, or there already without --force: Error(kCannotCreate).
void CheckOut(const std::string& out, const std::string& extension, bool force);
void WriteOut(const std::string& out, const std::string& bytes, bool force);

int RunStageCommand(const Command& command, const std::vector<std::string>& arguments);
int RunEpisodesDraw(const Command& command, const std::vector<std::string>& arguments);
int RunEpisodesCheck(const Command& command, const std::vector<std::string>& arguments);
int RunEpisodesImport(const Command& command, const std::vector<std::string>& arguments);
int RunEpisodesExport(const Command& command, const std::vector<std::string>& arguments);
int RunDatasetCheck(const Command& command, const std::vector<std::string>& arguments);
int RunDatasetSynthesize(const Command& command, const std::vector<std::string>& arguments);
int RunModelsLock(const Command& command, const std::vector<std::string>& arguments);
int RunModelsCheck(const Command& command, const std::vector<std::string>& arguments);
int RunModelsCalibrate(const Command& command, const std::vector<std::string>& arguments);
int RunPretrainTeacher(const Command& command, const std::vector<std::string>& arguments);
int RunPretrainStudent(const Command& command, const std::vector<std::string>& arguments);
int RunCompletion(const Command& command, const std::vector<std::string>& arguments);
int RunCollect(const Command& command, const std::vector<std::string>& arguments);
int RunCompare(const Command& command, const std::vector<std::string>& arguments);
int RunPlan(const Command& command, const std::vector<std::string>& arguments);
int RunReport(const Command& command, const std::vector<std::string>& arguments);
int RunFid(const Command& command, const std::vector<std::string>& arguments);
int RunStudentExport(const Command& command, const std::vector<std::string>& arguments);
int RunPredict(const Command& command, const std::vector<std::string>& arguments);
int RunEmbeddingShow(const Command& command, const std::vector<std::string>& arguments);
int RunEmbeddingExport(const Command& command, const std::vector<std::string>& arguments);
int RunInspect(const Command& command, const std::vector<std::string>& arguments);
int RunVerify(const Command& command, const std::vector<std::string>& arguments);
int RunBenchCommand(const Command& command, const std::vector<std::string>& arguments);
int RunDoctor(const Command& command, const std::vector<std::string>& arguments);

}  // namespace tint

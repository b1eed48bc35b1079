#include "tint/cli/command.h"

#include <c10/util/Exception.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <new>
#include <set>

#include "help.h"
#include "tint/artifacts/stage_folder.h"
#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// The command whose one or two words begin the arguments, and how many words those are.
const Command* FindCommand(const std::vector<std::string>& arguments, size_t* words) {
  for (const Command& command : Commands()) {
    const std::vector<std::string> parts = Split(command.name, ' ');
    if (arguments.size() < parts.size() || !std::equal(parts.begin(), parts.end(), arguments.begin())) continue;
    *words = parts.size();
    return &command;
  }
  return nullptr;
}

[[noreturn]] void FailUnknownCommand(const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  std::string found = arguments[0];
  for (const Command& command : Commands()) {
    names.push_back(command.name);
    if (command.name.starts_with(arguments[0] + " ") && arguments.size() > 1 && found == arguments[0])
      found += " " + arguments[1];
  }
  Fail(ExitCode::kUsage, {.field = "command",
                          .found = Quote(found) + " is no command",
                          .expected = "one of " + Join(names, ", "),
                          .remedy = DidYouMean(found, names)});
}

bool IsHelp(const std::string& word) { return word == "help" || word == "--help" || word == "-h"; }

int Dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << Overview();
    return static_cast<int>(ExitCode::kUsage);
  }
  if (arguments[0] == "--version" || arguments[0] == "version") {
    std::cout << "tint " << ToolVersion() << "\n";
    return 0;
  }
  if (IsHelp(arguments[0])) {
    if (arguments.size() == 1 || IsHelp(arguments[1])) {
      std::cout << Overview();
      return 0;
    }
    if (PrintTopic(arguments[1])) return 0;
    std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
    rest.push_back("--help");
    return Dispatch(rest);
  }
  size_t words = 0;
  const Command* command = FindCommand(arguments, &words);
  if (command == nullptr) FailUnknownCommand(arguments);
  return command->run(
      *command, std::vector<std::string>(arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end()));
}

int Report(ExitCode code, const std::string& message) {
  std::cout.flush();
  std::fflush(stdout);
  std::cerr << "tint: " << message << "\n";
  return static_cast<int>(code);
}

// LibTorch's messages carry a C++ stack: people get the first line.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = {
      {"whole", "specialize", "photos to classifier and score, for one episode: runs what is missing", RunStageCommand},
      {"stages", "super-resolve", "enlarge the support photos to the diffusion model's size", RunStageCommand},
      {"stages", "textual-inversion", "learn one word vector per class", RunStageCommand},
      {"stages", "null-text-inversion", "invert each photo to a noise path with null-text embeddings", RunStageCommand},
      {"stages", "generate", "generate varied images by blending paths with fresh noise", RunStageCommand},
      {"stages", "distill", "distil the teacher's labels into a tiny student", RunStageCommand},
      {"stages", "evaluate", "score the student on every query", RunStageCommand},
      {"before", "episodes draw", "draw a file of fixed episodes from a data set", RunEpisodesDraw},
      {"before", "episodes check", "check a file of episodes against its data set", RunEpisodesCheck},
      {"before", "episodes import", "a file of episodes from another tool's", RunEpisodesImport},
      {"before", "episodes export", "a file of episodes for another tool", RunEpisodesExport},
      {"before", "dataset synthesize", "draw a data set of shapes, to try everything on without a download",
       RunDatasetSynthesize},
      {"before", "dataset check", "count, decode and compare the images of a data set", RunDatasetCheck},
      {"before", "models lock", "write models.json for the model files of a folder", RunModelsLock},
      {"before", "models check", "open every model of a set and run its probes", RunModelsCheck},
      {"before", "models calibrate", "fit the scale of a teacher's labels, where no meta-training did",
       RunModelsCalibrate},
      {"before", "pretrain student", "train Conv4 or ResNet12 on base classes and add it to a model set",
       RunPretrainStudent},
      {"before", "pretrain teacher", "meta-train a model set's teacher on episodes of base classes",
       RunPretrainTeacher},
      {"before", "plan", "how many episodes an interval of a given width needs", RunPlan},
      {"before", "completion", "print a script that completes tint's commands and options in a shell", RunCompletion},
      {"after", "collect", "table of scored episodes: mean accuracy with intervals, beside what was published",
       RunCollect},
      {"after", "compare", "two results of the same episodes, paired: the difference with intervals", RunCompare},
      {"after", "report", "one page on runs and results: numbers, charts, images; curves for TensorBoard", RunReport},
      {"after", "fid", "distance of generated images to real ones", RunFid},
      {"after", "predict", "classify photos with a student that came out", RunPredict},
      {"after", "student export", "write a student as ONNX, for programs without LibTorch", RunStudentExport},
      {"after", "embedding show", "what a file of a learned word holds, tint's own or another tool's",
       RunEmbeddingShow},
      {"after", "embedding export", "write a learned word for A1111, ComfyUI or diffusers", RunEmbeddingExport},
      {"doubt", "inspect", "what lies in a run folder, whether it is whole, and why it would be redone", RunInspect},
      {"doubt", "verify", "recompute every hash of a run folder", RunVerify},
      {"doubt", "bench", "time each stage's unit of work on this machine", RunBenchCommand},
      {"doubt", "doctor", "what works here, what does not, and the command that fixes it", RunDoctor},
  };
  return commands;
}

namespace {

// While a command is only asked for its grammar: who gets it. A command declares its options where it runs, so to learn
// them it is run as far as BeginCommand.
thread_local const GrammarReader* grammar_reader = nullptr;

// One configuration file and one environment serve all commands: what another command reads is no fault here.
void AcceptOptionsOfOthers(CommandOptions* command) {
  std::map<std::string, std::set<std::string>> names;
  for (const Command& other : Commands()) {
    ReadGrammar(other, [&](const CommandOptions& grammar) {
      for (const OptionGroup& group : grammar.groups()) {
        for (const Option& option : group.list.options()) names[group.name].insert(option.name());
      }
    });
  }
  for (const auto& [group, options] : names) command->KnownElsewhere(group, {options.begin(), options.end()});
}

}  // namespace

void ReadGrammar(const Command& command, const GrammarReader& reader) {
  struct Reading {
    explicit Reading(const GrammarReader* one) { grammar_reader = one; }
    ~Reading() { grammar_reader = nullptr; }
  };
  TINT_CHECK(grammar_reader == nullptr) << "a grammar is being read already";
  const Reading reading(&reader);
  command.run(command, {});
}

bool BeginCommand(CommandOptions& command, const ShellOptions& shell, const std::vector<std::string>& arguments,
                  const std::function<void()>& after_parsing) {
  if (grammar_reader != nullptr) {
    (*grammar_reader)(command);
    return false;
  }
  AcceptOptionsOfOthers(&command);
  command.Parse(arguments);
  if (after_parsing && !command.help_requested()) after_parsing();
  if (command.help_requested()) {
    std::cout << command.HelpText();
    return false;
  }
  SetUpLogging(shell.log_level, shell.color);
  if (command.print_config_requested()) {
    if (shell.json) {
      std::cout << command.ConfigWithOrigins().dump(2) << "\n";
    } else {
      std::cout << command.ConfigTable();
    }
    return false;
  }
  static const std::map<std::string, ProgressStyle> styles = {{"auto", ProgressStyle::kAuto},
                                                              {"bar", ProgressStyle::kBar},
                                                              {"lines", ProgressStyle::kLines},
                                                              {"json", ProgressStyle::kJson},
                                                              {"none", ProgressStyle::kNone}};
  SetProgressStyle(styles.at(shell.progress));
  return true;
}

void PrintResult(const ShellOptions& shell, const Json& json, const std::string& text) {
  if (shell.json) {
    // A path need not be UTF-8: then its other bytes are shown as U+FFFD.
    std::cout << json.dump(-1, ' ', false, Json::error_handler_t::replace) << "\n";
  } else {
    std::cout << text;
  }
  std::cout.flush();
  if (!std::cout)
    Fail(ExitCode::kInputOutput,
         {.file = "standard output", .found = "cannot be written", .expected = "room for the result"});
}

void CheckOut(const std::string& out, const std::string& extension, bool force) {
  namespace fs = std::filesystem;
  if (out.empty()) Fail(ExitCode::kUsage, {.field = "--out", .found = "not given", .expected = "a file to write"});
  const fs::path path = fs::absolute(out);
  if (path.extension() != extension || path.stem().empty())
    Fail(ExitCode::kUsage, {.field = "--out",
                            .found = Quote(out),
                            .expected = "a name that ends in " + extension + ", by which other tools know the format"});
  std::error_code ignored;
  if (fs::exists(path.parent_path() / "done.json", ignored))
    Fail(ExitCode::kCannotCreate, {.file = out,
                                   .found = "lies among the results of a run",
                                   .expected = "another folder, as results stay as they are"});
  if (!force && fs::exists(fs::symlink_status(path)))
    Fail(ExitCode::kCannotCreate,
         {.file = out, .found = "already exists", .expected = "a new file", .remedy = "Give --force to replace it."});
}

void WriteOut(const std::string& out, const std::string& bytes, bool force) {
  force ? WriteFileDurably(out, bytes) : CommitFileOnce(out, bytes);
}

int RunCommandLine(const std::vector<std::string>& arguments) {
  try {
    return Dispatch(arguments);
  } catch (const Error& error) {
    return Report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return Report(ExitCode::kOutOfMemory, "out of memory on this machine; choose fewer images or a smaller batch");
  } catch (const c10::OutOfMemoryError& error) {
    return Report(ExitCode::kOutOfMemory, "out of device memory: " + FirstLine(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    const std::string message = FirstLine(error.what_without_backtrace());
    if (message.find("not enough memory") != std::string::npos)
      return Report(ExitCode::kOutOfMemory, "out of memory: " + message);
    if (message.find("CUDA error") != std::string::npos || message.find("NVML") != std::string::npos)
      return Report(ExitCode::kNoDevice, message + "; the state was saved at the last checkpoint");
    return Report(ExitCode::kInternal, "LibTorch: " + message);
  } catch (const std::filesystem::filesystem_error& error) {
    const bool denied = error.code() == std::errc::permission_denied;
    const bool too_long = error.code() == std::errc::filename_too_long;
    return Report(denied     ? ExitCode::kUntrusted
                  : too_long ? ExitCode::kBadInput
                             : ExitCode::kInputOutput,
                  Quote(error.path1().native()) + ": " + error.code().message());
  } catch (const std::exception& error) {
    return Report(ExitCode::kInternal, std::string("internal fault: ") + error.what());
  }
}

}  // namespace tint

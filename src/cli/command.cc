#include "tint/cli/command.h"

#include <c10/util/Exception.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <new>

#include "tint/artifacts/stage_folder.h"
#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/text.h"
#include "tint/stages/pretrain_student.h"
#include "tint/stages/pretrain_teacher.h"

namespace tint {
namespace {

constexpr char kExitCodes[] = R"(Exit codes of tint
   0  done
  64  usage: the command line
  65  bad input data: a picture, an episode file, a data set
  66  input missing: a file, a model role, an earlier stage
  69  device or driver missing
  70  internal fault, or numbers that are not finite
  71  out of memory (host or GPU)
  73  output cannot be created
  74  input/output error, disk full
  75  stopped by a signal, state saved: run the same command again
  76  an artifact does not match its hash
  77  a model that models.json does not list, or permission denied
  78  bad configuration: file, environment or model list
  79  another worker has this episode: try again later
75 and 79 mean "try again"; no other does.
)";

struct Group {
  const char* name;
  const char* meaning;
};
constexpr Group kGroups[] = {{"whole", "the whole row"},
                             {"stages", "its stages, in order"},
                             {"before", "before"},
                             {"after", "after"},
                             {"doubt", "when in doubt"}};

std::string Overview() {
  std::string text = "tint " + ToolVersion() +
                     ": five labelled photos per class go in, a tiny, fast classifier comes out\n\n"
                     "usage: tint COMMAND [OPTIONS]; tint COMMAND --help teaches each\n";
  for (const Group& group : kGroups) {
    text += std::string("\n") + group.meaning + ":\n";
    for (const Command& command : Commands()) {
      if (command.group != group.name) continue;
      text += "  " + command.name + std::string(22 - std::min<size_t>(21, command.name.size()), ' ') + command.summary +
              "\n";
    }
  }
  return text + "\ntint help exit-codes: what the exit codes mean\n";
}

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

[[noreturn]] void ComplainUnknown(const std::vector<std::string>& arguments) {
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

int Dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << Overview();
    return static_cast<int>(ExitCode::kUsage);
  }
  if (arguments[0] == "--version" || arguments[0] == "version") {
    std::cout << "tint " << ToolVersion() << "\n";
    return 0;
  }
  if (arguments[0] == "help" || arguments[0] == "--help" || arguments[0] == "-h") {
    if (arguments.size() > 1 && arguments[1] == "exit-codes") {
      std::cout << kExitCodes;
      return 0;
    }
    const auto asks = [](const std::string& word) { return word == "help" || word == "--help" || word == "-h"; };
    if (arguments.size() > 1 && !asks(arguments[1])) {
      std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
      rest.push_back("--help");
      return Dispatch(rest);
    }
    std::cout << Overview();
    return 0;
  }
  size_t words = 0;
  const Command* command = FindCommand(arguments, &words);
  if (command == nullptr) ComplainUnknown(arguments);
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
      {"whole", "specialize", "photos to classifier and score, for one episode: runs what is missing", RunRowCommand},
      {"stages", "super-resolve", "enlarge the support photos to the diffusion model's size", RunRowCommand},
      {"stages", "textual-inversion", "learn one word vector per class", RunRowCommand},
      {"stages", "null-text-inversion", "invert each photo to a noise path with null-text embeddings", RunRowCommand},
      {"stages", "generate", "generate varied pictures by blending paths with fresh noise", RunRowCommand},
      {"stages", "distill", "distil the teacher's labels into a tiny student", RunRowCommand},
      {"stages", "evaluate", "score the student on every query", RunRowCommand},
      {"before", "episodes draw", "draw a file of fixed episodes from a data set", RunEpisodesDraw},
      {"before", "episodes check", "check a file of episodes against its data set", RunEpisodesCheck},
      {"before", "episodes import", "a file of episodes from another tool's", RunEpisodesImport},
      {"before", "episodes export", "a file of episodes for another tool", RunEpisodesExport},
      {"before", "demo draw", "draw a data set of shapes, to try everything on without a download", RunDemoDraw},
      {"before", "dataset check", "count, decode and compare the pictures of a data set", RunDatasetCheck},
      {"before", "models lock", "write models.json for the model files of a folder", RunModelsLock},
      {"before", "models check", "open every model of a set and run its probes", RunModelsCheck},
      {"before", "models calibrate", "fit the scale of a teacher's labels, where no meta-training did",
       RunModelsCalibrate},
      {"before", "pretrain student", "train Conv4 or ResNet12 on base classes and add it to a model set",
       RunPretrainStudent},
      {"before", "pretrain teacher", "meta-train a model set's teacher on episodes of base classes",
       RunPretrainTeacher},
      {"before", "plan", "how many episodes an interval of a given width needs", RunPlan},
      {"after", "collect", "table of scored episodes: mean accuracy with intervals, beside what was published",
       RunCollect},
      {"after", "compare", "two results of the same episodes, paired: the difference with intervals", RunCompare},
      {"after", "report", "one page on runs and results: numbers, charts, pictures; curves for TensorBoard", RunReport},
      {"after", "fid", "distance of generated pictures to real ones", RunFid},
      {"after", "predict", "classify photos with a student that came out", RunPredict},
      {"after", "student export", "write a student as ONNX, for programs without LibTorch", RunStudentExport},
      {"after", "embedding show", "what a file of a learned word holds, tint's own or another tool's",
       RunEmbeddingShow},
      {"after", "embedding export", "write a learned word for A1111, ComfyUI or diffusers", RunEmbeddingExport},
      {"doubt", "inspect", "what lies in a run folder, whether it is whole, and why it would be redone", RunInspect},
      {"doubt", "verify", "recompute every hash of a run folder", RunVerify},
      {"doubt", "bench", "time each stage's unit of work on this machine", RunBenchCommand},
      {"doubt", "doctor", "check machine, libraries, models and data", RunDoctor},
  };
  return commands;
}

namespace {

std::vector<std::string> NamesOf(const OptionGroup& group) {
  std::vector<std::string> names;
  for (const Option& option : group.list.options()) names.push_back(option.name());
  return names;
}

// One configuration file and one environment serve all commands: what another command reads is no fault here.
void AcceptOptionsOfOthers(CommandOptions* command) {
  CommandOptions others("", "");
  RunOptions options;
  options.Declare(others);
  for (const OptionGroup& group : others.groups()) command->KnownElsewhere(group.name, NamesOf(group));
  // Of the commands around the row.
  CommandOptions student("", ""), teacher("", "");
  PretrainStudentOptions pretrain_student;
  PretrainTeacherOptions pretrain_teacher;
  pretrain_student.Declare(student);
  pretrain_teacher.Declare(teacher);
  for (const CommandOptions* other : {&student, &teacher}) {
    for (const OptionGroup& group : other->groups()) command->KnownElsewhere(group.name, NamesOf(group));
  }
  constexpr char kOfOneCommand[] =
      "split ways shots count out facts configuration save-statistics why format token force "
      "only repetitions batch-classes batch-photos batch-images image-steps mean sigma "
      "published queries-per-episode half-width replicates configuration-b per-class size "
      "limit together splits side fid pictures";
  command->KnownElsewhere("", Split(kOfOneCommand, ' '));
}

}  // namespace

bool BeginCommand(CommandOptions& command, const ShellOptions& shell, const std::vector<std::string>& arguments,
                  const std::function<void()>& after_parsing) {
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
         {.file = out, .found = "is there already", .expected = "a new file", .remedy = "Give --force to replace it."});
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

// SPDX-License-Identifier: Apache-2.0
// From the arguments to a command's handler, and from exceptions to exit codes.
#include "tint/cli/command.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <new>
#include <set>

#include "help.h"
#include "tint/artifacts/version.h"
#include "tint/base/log.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// The options of `command`, bound to the members of `handler`. The command of a stage knows that stage's options
// without prefix.
CommandOptions Declared(const Command& command, CommandHandler& handler) {
  CommandOptions options(command.name, command.summary, command.group == "Stages" ? command.name : "");
  handler.Declare(options);
  handler.shell.Declare(options.Group(""));
  return options;
}

// One configuration file and one environment serve all commands: options of other commands are allowed there.
void AcceptOptionsOfOthers(CommandOptions& options) {
  std::map<std::string, std::set<std::string>> names;
  for (const Command& other : Commands()) {
    for (const OptionDescription& option : Describe(other).options) {
      if (!option.builtin) names[option.group].insert(option.name);
    }
  }
  for (const auto& [group, known] : names) options.KnownElsewhere(group, {known.begin(), known.end()});
}

void RunCommand(const Command& command, const std::vector<std::string>& arguments) {
  const std::unique_ptr<CommandHandler> handler = command.make(command.name);
  CommandOptions options = Declared(command, *handler);
  AcceptOptionsOfOthers(options);
  options.Parse(arguments);
  if (options.help_requested()) {
    std::cout << options.HelpText();
    return;
  }
  handler->Complete(options);
  SetUpLogging(handler->shell.log_level, handler->shell.color);
  if (options.print_config_requested()) {
    std::cout << (handler->shell.json ? options.ConfigWithOrigins().dump(2) + "\n" : options.ConfigTable());
    return;
  }
  SetProgressStyle(handler->shell.progress);
  handler->Run(options);
}

bool IsHelp(const std::string& word) { return word == "help" || word == "--help" || word == "-h"; }

bool IsVersion(const std::string& word) { return word == "--version" || word == "-V" || word == "version"; }

// `tint episodes`: the commands that begin with that word.
int ListCommandsOf(const std::vector<std::string>& arguments) {
  if (arguments.size() > 1 && !IsHelp(arguments[1])) FailUnknownCommand(arguments);
  (arguments.size() > 1 ? std::cout : std::cerr) << OverviewOf(arguments[0]);
  return static_cast<int>(arguments.size() > 1 ? ExitCode::kDone : ExitCode::kUsage);
}

int Dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    std::cerr << Overview();
    return static_cast<int>(ExitCode::kUsage);
  }
  if (IsVersion(arguments[0])) {
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
  if (const Command* command = FindCommand(arguments, &words)) {
    RunCommand(*command, {arguments.begin() + static_cast<std::ptrdiff_t>(words), arguments.end()});
    return 0;
  }
  if (IsFirstWord(arguments[0])) return ListCommandsOf(arguments);
  FailUnknownCommand(arguments);
}

int Report(ExitCode code, const std::string& message) {
  std::cout.flush();
  std::fflush(stdout);
  std::cerr << "tint: " << message << "\n";
  return static_cast<int>(code);
}

// LibTorch's messages carry a C++ stack: users get the first line.
std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

int ReportTorchError(const std::string& message) {
  if (message.find("not enough memory") != std::string::npos)
    return Report(ExitCode::kOutOfMemory, "out of memory: " + message);
  if (message.find("CUDA error") != std::string::npos || message.find("NVML") != std::string::npos)
    return Report(ExitCode::kNoDevice, message + ". The state was saved at the last checkpoint.");
  return Report(ExitCode::kInternal, "LibTorch: " + message);
}

int ReportFilesystemError(const std::filesystem::filesystem_error& error) {
  const bool denied = error.code() == std::errc::permission_denied;
  const bool too_long = error.code() == std::errc::filename_too_long;
  return Report(denied     ? ExitCode::kUntrusted
                : too_long ? ExitCode::kBadInput
                           : ExitCode::kInputOutput,
                Quote(error.path1().native()) + ": " + error.code().message());
}

}  // namespace

CommandDescription Describe(const Command& command) {
  const std::unique_ptr<CommandHandler> handler = command.make(command.name);
  CommandDescription description = Declared(command, *handler).Describe();
  description.group = command.group;
  return description;
}

int RunCommandLine(const std::vector<std::string>& arguments) {
  try {
    return Dispatch(arguments);
  } catch (const Error& error) {
    return Report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return Report(ExitCode::kOutOfMemory, "out of host memory. Use fewer images or a smaller batch.");
  } catch (const c10::OutOfMemoryError& error) {
    return Report(ExitCode::kOutOfMemory, "out of device memory: " + FirstLine(error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    return ReportTorchError(FirstLine(error.what_without_backtrace()));
  } catch (const std::filesystem::filesystem_error& error) {
    return ReportFilesystemError(error);
  } catch (const std::exception& error) {
    return Report(ExitCode::kInternal, std::string("internal error: ") + error.what());
  }
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// completion.
#include "commands.h"
#include "help.h"
#include "tint/base/text.h"

namespace tint {
namespace {

class CompletionCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options.Positional({"SHELL",
                        "bash: source <(tint completion bash), or save it as "
                        "~/.local/share/bash-completion/completions/tint. zsh: save it as _tint in a folder of $fpath.",
                        true, false, TextKind::kPlain, shells_});
  }

  void Run(const CommandOptions& options) override {
    const std::string& wanted = options.positionals().at(0);
    if (wanted != "bash" && wanted != "zsh")
      Fail(ExitCode::kUsage, {.field = "SHELL",
                              .found = "unknown shell " + Quote(wanted),
                              .expected = Join(shells_, " or "),
                              .remedy = DidYouMean(wanted, shells_)});
    const std::string script = wanted == "bash" ? BashCompletion(ProgramManual()) : ZshCompletion(ProgramManual());
    PrintResult(shell, {{"shell", wanted}, {"script", script}}, script);
  }

 private:
  const std::vector<std::string> shells_ = {"bash", "zsh"};
};

}  // namespace

HandlerPtr MakeCompletionCommand(const std::string& /*name*/) { return std::make_unique<CompletionCommand>(); }

}  // namespace tint

// bench: what each stage's unit of work takes here.
#include "tint/cli/bench.h"
#include "tint/cli/command.h"

namespace tint {

int RunBenchCommand(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  BenchOptions options;
  ShellOptions shell;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  if (options.models.empty())
    Fail(ExitCode::kUsage,
         {.field = "--models",
          .found = "not given",
          .expected = "the folder of a model set",
          .remedy = "`scripts/export_models.py --size bench --out DIR` writes one of random weights."});
  const BenchReport report = RunBench(options);
  PrintResult(shell, report.ToJson(), report.ToTable());
  return 0;
}

}  // namespace tint

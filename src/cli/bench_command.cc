// SPDX-License-Identifier: Apache-2.0
// bench.
#include "commands.h"
#include "tint/cli/bench.h"

namespace tint {
namespace {

class BenchCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override { options_.Declare(options.Group("")); }

  void Run(const CommandOptions& /*options*/) override {
    if (options_.models.empty())
      Fail(ExitCode::kUsage, {.field = "--models",
                              .found = "not given",
                              .expected = "the folder of a model set",
                              .remedy = "`scripts/export_models.py --size bench --out DIR` writes one with random "
                                        "weights."});
    const BenchReport report = RunBench(options_);
    PrintResult(shell, report.ToJson(), report.ToTable());
  }

 private:
  BenchOptions options_;
};

}  // namespace

HandlerPtr MakeBenchCommand(const std::string& /*name*/) { return std::make_unique<BenchCommand>(); }

}  // namespace tint

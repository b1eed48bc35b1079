// SPDX-License-Identifier: Apache-2.0
// predict, inspect, verify.
#include "commands.h"
#include "tint/analysis/describe_run.h"
#include "tint/artifacts/verify.h"
#include "tint/options/shared_options.h"
#include "tint/stages/options.h"
#include "tint/stages/predict.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

class PredictCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    list.Add("student", &student_,
             "student.pt of a distill result (specialize --json prints its path as student_file), or its folder.")
        .Is(TextKind::kFileOrFolder)
        .NotInKey();
    DeclareDevice(list, &device_);
    options.Positional({"PHOTO", "Photos (JPEG or PNG) or folders of photos.", true, true, TextKind::kFileOrFolder});
  }

  void Run(const CommandOptions& options) override {
    RequireGiven(student_, "--student", "student.pt of a distill result");
    SetUpTensorLibrary(0);
    const Predictions predictions = PredictPhotos(student_, options.positionals(), device_);
    PrintResult(shell, predictions.ToJson(), predictions.ToTable());
  }

 private:
  std::string student_, device_ = "auto";
};

class InspectCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options.Group("")
        .Add("why", &why_, "Where a stage has several results, show how each key differs from the one before it.")
        .NotInKey();
    options.Positional({"RUN", "Run folder.", true, false, TextKind::kFolder});
  }

  void Run(const CommandOptions& options) override {
    const RunDescription run = DescribeRun(RunFolder::Open(options.positionals().at(0)), why_);
    PrintResult(shell, run.ToJson(), run.ToTable());
  }

 private:
  bool why_ = false;
};

class VerifyCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options.Positional({"RUN", "Run folder.", true, false, TextKind::kFolder});
  }

  void Run(const CommandOptions& options) override {
    const VerifyReport report = VerifyRun(RunFolder::OpenToVerify(options.positionals().at(0)));
    std::string text;
    for (const std::string& problem : report.problems) text += problem + "\n";
    text += std::to_string(report.checked_files) + " files of " + std::to_string(report.complete_stages) +
            " complete stages checked, " + std::to_string(report.problems.size()) + " problems, " +
            std::to_string(report.incomplete_stages) + " stages unfinished\n";
    PrintResult(shell,
                {{"checked_files", report.checked_files},
                 {"complete_stages", report.complete_stages},
                 {"incomplete_stages", report.incomplete_stages},
                 {"problems", report.problems}},
                text);
    if (report.problems.empty()) return;
    const size_t more = report.problems.size() - 1;
    Fail(ExitCode::kCorrupt, report.problems.front() + (more > 0 ? " (and " + std::to_string(more) + " more)" : ""));
  }
};

}  // namespace

HandlerPtr MakePredictCommand(const std::string& /*name*/) { return std::make_unique<PredictCommand>(); }
HandlerPtr MakeInspectCommand(const std::string& /*name*/) { return std::make_unique<InspectCommand>(); }
HandlerPtr MakeVerifyCommand(const std::string& /*name*/) { return std::make_unique<VerifyCommand>(); }

}  // namespace tint

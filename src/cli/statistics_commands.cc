// SPDX-License-Identifier: Apache-2.0
// collect, compare, report, plan, fid.
#include <algorithm>

#include "commands.h"
#include "output_file.h"
#include "tint/analysis/collect.h"
#include "tint/analysis/compare.h"
#include "tint/analysis/fid.h"
#include "tint/analysis/plan.h"
#include "tint/analysis/report.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/options/shared_options.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

constexpr char kResult[] =
    "Run folder, or a JSON file that `tint evaluate --method ... --json` or `tint collect RESULT --json` printed.";

Option& DeclareConfiguration(OptionList& list, std::string* configuration) {
  return list
      .Add("configuration", configuration, "First digits of the configuration to use, if a run contains several.")
      .NotInKey();
}

struct ResultOptions {
  std::string configuration;
  int64_t replicates = BootstrapOptions().replicates;
  int64_t seed = 0;

  void Declare(OptionList& list) {
    DeclareConfiguration(list, &configuration);
    list.Add("replicates", &replicates, "Number of replicates of the bootstrap over classes.").Range(100, 1e6);
    DeclareSeed(list, &seed, "Random seed of the bootstrap.");
  }
  BootstrapOptions Bootstrap() const { return {.replicates = replicates, .seed = static_cast<uint64_t>(seed)}; }
};

// Not a choice of the declaration: --format means something else to other commands, and one environment serves them
// all.
void RequireFormat(const std::string& format) {
  const auto& formats = TableFormats();
  if (std::count(formats.begin(), formats.end(), format) > 0) return;
  Fail(ExitCode::kUsage, {.field = "--format",
                          .found = "is " + Quote(format),
                          .expected = "one of " + Join(formats, ", "),
                          .remedy = DidYouMean(format, formats)});
}

class CollectCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    results_.Declare(list);
    list.Add("merge", &merge_,
             "Merge all results into one row: episodes that were computed in several places, none of them twice.")
        .NotInKey();
    list.Add("format", &format_, "Output format: text, csv, markdown or latex.").Offers(TableFormats()).NotInKey();
    options.Positional(
        {"RESULT", std::string(kResult) + " Several give several rows.", true, true, TextKind::kFileOrFolder});
  }

  void Run(const CommandOptions& options) override {
    RequireFormat(format_);
    std::vector<Results> results;
    for (const std::string& path : options.positionals()) results.push_back(ReadResults(path, results_.configuration));
    if (merge_) results = {JoinResults(std::move(results))};
    std::vector<CollectReport> reports;
    for (Results& one : results) reports.push_back(Collect(std::move(one), results_.Bootstrap()));
    const bool alone = reports.size() == 1;
    Json json = alone ? reports.front().ToJson() : Json{{"results", Json::array()}};
    if (!alone) {
      for (const CollectReport& report : reports) json["results"].push_back(report.ToJson());
    }
    PrintResult(shell, json, alone && format_ == "text" ? reports.front().ToTable() : FormatTable(reports, format_));
  }

 private:
  ResultOptions results_;
  std::string format_ = "text";
  bool merge_ = false;
};

class CompareCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    results_.Declare(list);
    list.Add("configuration-b", &configuration_b_, "The same for B; --configuration applies to A.").NotInKey();
    options.Positional({"A", kResult, true, false, TextKind::kFileOrFolder});
    options.Positional({"B", "Result to compare with: differences are A - B.", true, false, TextKind::kFileOrFolder});
  }

  void Run(const CommandOptions& options) override {
    const std::vector<std::string>& paths = options.positionals();
    const Comparison comparison = Compare(ReadResults(paths.at(0), results_.configuration),
                                          ReadResults(paths.at(1), configuration_b_), results_.Bootstrap());
    PrintResult(shell, comparison.ToJson(), comparison.ToTable());
  }

 private:
  ResultOptions results_;
  std::string configuration_b_;
};

class ReportCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    OptionList& list = options.Group("");
    results_.Declare(list);
    DeclareOut(list, &report_.out, "File to write, NAME.html; empty: RUN/report/index.html of the first run.");
    DeclareForce(list, &force_, "Replace --out if it already exists. A run's own report is always replaced.");
    list.Add("fid", &fid_, "Output of `tint fid ... --json` (repeatable).").NotInKey().Repeatable();
    list.Add("name", &names_,
             "DIGITS=NAME: name in the report of the configuration whose key begins with DIGITS, instead of a letter "
             "(repeatable).")
        .NotInKey()
        .Repeatable();
    list.Add("image-episodes", &report_.image_episodes, "Number of episodes of each result whose images are shown.")
        .Range(0, 1e6)
        .NotInKey();
    options.Positional(
        {"RESULT", std::string(kResult) + " Each configuration of a run is a separate result.", true, true});
  }

  void Run(const CommandOptions& options) override {
    if (!report_.out.empty()) CheckOut(report_.out, ".html", force_);
    report_.configuration = results_.configuration;
    report_.bootstrap = results_.Bootstrap();
    if (!fid_.empty()) report_.fid = Split(fid_, ',');
    if (!names_.empty()) report_.names = Split(names_, ',');
    const Report report = MakeReport(options.positionals(), report_);
    Json json = report.ToJson();
    if (shell.dry_run) {
      json["dry_run"] = true;
      PrintResult(shell, json, "nothing was written (--dry-run); the files would be\n" + report.ToText());
      return;
    }
    WriteReport(report);
    PrintResult(shell, json, report.ToText());
  }

 private:
  ResultOptions results_;
  ReportOptions report_;
  std::string fid_, names_;
  bool force_ = false;
};

class PlanCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options_.Declare(options.Group(""));
    DeclareConfiguration(options.Group(""), &configuration_);
    options.Positional({"RESULT", std::string(kResult) + " Its variance is used for planning.", false, false,
                        TextKind::kFileOrFolder});
  }

  void Run(const CommandOptions& options) override {
    std::optional<Results> results;
    if (!options.positionals().empty()) results = ReadResults(options.positionals()[0], configuration_);
    const Plan plan = MakePlan(options_, results);
    PrintResult(shell, plan.ToJson(), plan.ToTable());
  }

 private:
  PlanOptions options_;
  std::string configuration_;
};

class FidCommand : public CommandHandler {
 public:
  void Declare(CommandOptions& options) override {
    options_.Declare(options.Group(""));
    const std::string what =
        "a folder of images or of class folders, a run folder, the folder of a generate result, DATASET:SPLIT, or "
        "statistics (.npz with mu and sigma) from --save-statistics or pytorch-fid.";
    options.Positional({"REAL", "Real images: " + what, true, false, TextKind::kFileOrFolder});
    options.Positional({"GENERATED", "Generated images: " + what, true, false, TextKind::kFileOrFolder});
  }

  void Run(const CommandOptions& options) override {
    RequireGiven(options_.models, "--models", "the folder of a model set");
    SetUpTensorLibrary(0);
    const ImageSet real = OpenImages(options.positionals().at(0));
    const ImageSet generated = OpenImages(options.positionals().at(1));
    const FidReport report = MeasureFid(options_, real, generated);
    PrintResult(shell, report.ToJson(), report.ToTable());
  }

 private:
  FidOptions options_;
};

}  // namespace

HandlerPtr MakeCollectCommand(const std::string& /*name*/) { return std::make_unique<CollectCommand>(); }
HandlerPtr MakeCompareCommand(const std::string& /*name*/) { return std::make_unique<CompareCommand>(); }
HandlerPtr MakeReportCommand(const std::string& /*name*/) { return std::make_unique<ReportCommand>(); }
HandlerPtr MakePlanCommand(const std::string& /*name*/) { return std::make_unique<PlanCommand>(); }
HandlerPtr MakeFidCommand(const std::string& /*name*/) { return std::make_unique<FidCommand>(); }

}  // namespace tint

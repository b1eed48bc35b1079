// collect, compare, report, plan, fid.
#include <algorithm>

#include "tint/analysis/collect.h"
#include "tint/analysis/compare.h"
#include "tint/analysis/fid.h"
#include "tint/analysis/plan.h"
#include "tint/analysis/report.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

constexpr char kResult[] =
    "Run folder, or a JSON file that `tint evaluate --method ... --json` or `tint collect RESULT --json` printed.";

struct ResultOptions {
  std::string configuration;
  int64_t replicates = BootstrapOptions().replicates;
  int64_t seed = 0;

  void Declare(OptionList& list) {
    list.Add("configuration", &configuration, "First digits of the configuration to take, where a run holds several.")
        .NotInKey();
    list.Add("replicates", &replicates, "Replicates of the bootstrap that resamples classes.").Range(100, 1e6);
    list.Add("seed", &seed, "Seed of the bootstrap.").Range(0, 9007199254740991.0);
  }
  BootstrapOptions Bootstrap() const { return {.replicates = replicates, .seed = static_cast<uint64_t>(seed)}; }
};

// Not a choice of the grammar: --format means another thing to other commands, and one environment serves them all.
void RequireFormat(const std::string& format) {
  const auto& formats = TableFormats();
  if (std::count(formats.begin(), formats.end(), format) > 0) return;
  Fail(ExitCode::kUsage, {.field = "--format",
                          .found = Quote(format),
                          .expected = "one of " + Join(formats, ", "),
                          .remedy = DidYouMean(format, formats)});
}

}  // namespace

int RunCollect(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  ResultOptions options;
  std::string format = "text";
  bool together = false;
  options.Declare(grammar.Group(""));
  grammar.Group("")
      .Add("merge", &together,
           "Take all results as parts of one row: episodes that were computed in several places, none of them twice.")
      .NotInKey();
  grammar.Group("")
      .Add("format", &format, "How rows are printed: text, csv, markdown or latex.")
      .Offers(TableFormats())
      .NotInKey();
  shell.Declare(grammar.Group(""));
  grammar.Positional(
      {"RESULT", std::string(kResult) + " Several give several rows.", true, true, TextKind::kFileOrFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  RequireFormat(format);
  std::vector<Results> results;
  for (const std::string& path : grammar.positionals()) results.push_back(ReadResults(path, options.configuration));
  if (together) results = {JoinResults(std::move(results))};
  std::vector<CollectReport> reports;
  for (Results& row : results) reports.push_back(Collect(std::move(row), options.Bootstrap()));
  const bool alone = reports.size() == 1;
  Json json = alone ? reports.front().ToJson() : Json{{"results", Json::array()}};
  if (!alone) {
    for (const CollectReport& report : reports) json["results"].push_back(report.ToJson());
  }
  const bool whole = alone && format == "text";
  PrintResult(shell, json, whole ? reports.front().ToTable() : FormatTable(reports, format));
  return 0;
}

int RunCompare(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  ResultOptions options;
  std::string configuration_b;
  options.Declare(grammar.Group(""));
  grammar.Group("").Add("configuration-b", &configuration_b, "The same for B; --configuration is for A.").NotInKey();
  shell.Declare(grammar.Group(""));
  grammar.Positional({"A", kResult, true, false, TextKind::kFileOrFolder});
  grammar.Positional({"B", "What A is compared with: differences are A - B.", true, false, TextKind::kFileOrFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  const Comparison comparison = Compare(ReadResults(grammar.positionals().at(0), options.configuration),
                                        ReadResults(grammar.positionals().at(1), configuration_b), options.Bootstrap());
  PrintResult(shell, comparison.ToJson(), comparison.ToTable());
  return 0;
}

int RunReport(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  ResultOptions options;
  ReportOptions report_options;
  std::string fid, names;
  bool force = false;
  options.Declare(grammar.Group(""));
  OptionList& list = grammar.Group("");
  list.Add("out", &report_options.out, "The page, NAME.html; without it RUN/report/index.html of the first run.")
      .NotInKey();
  list.Add("force", &force, "Replace the file that --out names. That of a run is always made anew.").NotInKey();
  list.Add("fid", &fid, "A file that `tint fid ... --json` printed; may stand several times.").NotInKey().Repeatable();
  list.Add("name", &names,
           "DIGITS=NAME: what the page calls the configuration whose key begins with DIGITS, instead of a letter; may "
           "stand several times.")
      .NotInKey()
      .Repeatable();
  list.Add("image-episodes", &report_options.image_episodes,
           "Number of episodes of each result whose images are shown.")
      .Range(0, 1e6)
      .NotInKey();
  shell.Declare(list);
  grammar.Positional(
      {"RESULT", std::string(kResult) + " A run's every configuration is a result of its own.", true, true});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  if (!report_options.out.empty()) CheckOut(report_options.out, ".html", force);
  report_options.configuration = options.configuration;
  report_options.bootstrap = options.Bootstrap();
  if (!fid.empty()) report_options.fid = Split(fid, ',');
  if (!names.empty()) report_options.names = Split(names, ',');
  const Report report = MakeReport(grammar.positionals(), report_options);
  Json json = report.ToJson();
  if (shell.dry_run) {
    json["dry_run"] = true;
    PrintResult(shell, json, "nothing was written (--dry-run); these would be\n" + report.ToText());
    return 0;
  }
  WriteReport(report);
  PrintResult(shell, json, report.ToText());
  return 0;
}

int RunPlan(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  PlanOptions options;
  std::string configuration;
  options.Declare(grammar.Group(""));
  grammar.Group("")
      .Add("configuration", &configuration, "First digits of the configuration to take, where a run holds several.")
      .NotInKey();
  shell.Declare(grammar.Group(""));
  grammar.Positional(
      {"RESULT", std::string(kResult) + " Its spread is what is planned with.", false, false, TextKind::kFileOrFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  std::optional<Results> results;
  if (!grammar.positionals().empty()) results = ReadResults(grammar.positionals()[0], configuration);
  const Plan plan = MakePlan(options, results);
  PrintResult(shell, plan.ToJson(), plan.ToTable());
  return 0;
}

int RunFid(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary);
  ShellOptions shell;
  FidOptions options;
  options.Declare(grammar.Group(""));
  shell.Declare(grammar.Group(""));
  const std::string what =
      "a folder of images or of class folders, a run folder, the folder of a generate result, DATASET:SPLIT, or "
      "statistics (.npz with mu and sigma) that --save-statistics or pytorch-fid wrote.";
  grammar.Positional({"REAL", "Real images: " + what, true, false, TextKind::kFileOrFolder});
  grammar.Positional({"GENERATED", "Images to judge: " + what, true, false, TextKind::kFileOrFolder});
  if (!BeginCommand(grammar, shell, arguments)) return 0;
  if (options.models.empty())
    Fail(ExitCode::kUsage, {.field = "--models", .found = "not given", .expected = "the folder of a model set"});
  SetUpTensorLibrary(0);
  const ImageSet real = OpenImages(grammar.positionals().at(0));
  const ImageSet generated = OpenImages(grammar.positionals().at(1));
  const FidReport report = MeasureFid(options, real, generated);
  PrintResult(shell, report.ToJson(), report.ToTable());
  return 0;
}

}  // namespace tint

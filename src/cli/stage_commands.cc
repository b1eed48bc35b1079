// specialize and the six stages: one grammar.
#include <cstdio>

#include "tint/analysis/method_scores.h"
#include "tint/base/log.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/cli/command.h"
#include "tint/stages/pipeline.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

bool IsStage(const std::string& name) {
  const auto& names = StageNames();
  return std::find(names.begin(), names.end(), name) != names.end();
}

// On a stage's own command the options of the stages before it are those that the run folder says they ran with, unless
// this command line, its file or the environment say otherwise.
void AdoptUpstream(const std::string& stage, const GlobalOptions& global, CommandOptions* command) {
  std::error_code ignored;
  if (global.run.empty() || !std::filesystem::exists(std::filesystem::path(global.run) / "run.json", ignored)) return;
  const Json manifest = RunFolder::Open(global.run).Manifest();
  if (!manifest.contains("options")) return;
  for (const std::string& name : StageNames()) {
    if (name == stage) break;
    if (manifest["options"].contains(name)) command->AdoptStored(name, manifest["options"][name]);
  }
}

// A configuration file may name a data set and the command line photos of one's own, or the other way round.
void PreferWhatTheCommandLineChose(const CommandOptions& command, GlobalOptions* global) {
  const auto typed = [&](const char* name) { return command.origin(name) == Origin::kFlag; };
  const bool photos = typed("support") || typed("query"), episode = typed("dataset") || typed("episodes");
  if (photos && !episode) global->dataset = global->episodes = "";
  if (episode && !photos) global->support = global->query = "";
}

// What run.json tells of this run: no times, no paths, so that equal runs have equal bytes.
Json ManifestPart(const StageContext& context, const std::string& stage, const CommandOptions& command) {
  Json part;
  part["tint"] = ToolVersion();
  part["libtorch"] = TorchVersion();
  // Of a stage's own command: what it and the stages before it ran with, not what the later ones were not asked for.
  for (const OptionGroup& group : command.groups()) {
    part["options"][group.name.empty() ? "global" : group.name] = command.StoredGroup(group.name);
    if (group.name == stage) break;
  }
  for (const auto& [role, record] : context.models().records())
    part["models"][role] = {
        {"sha256", record.sha256}, {"dtype", record.dtype}, {"licence", record.licence}, {"source", record.source}};
  const Task& task = context.task();
  part["data"] = {{"dataset", task.dataset},
                  {"split", task.split},
                  {"sha256", task.dataset_sha256},
                  {"base", context.base_name() == "none" ? "none" : "some"}};
  if (!task.episodes_sha256.empty())
    part["episodes"] = {{"sha256", task.episodes_sha256}, {"count", task.episodes_in_file}};
  part["device"] = DeviceClass(context.device());
  part["threads"] = context.threads();
  return part;
}

std::string Estimated(const StageEstimate& estimate, double rate) {
  if (estimate.flop <= 0) return estimate.disk_bytes > 0 ? FormatBytes(estimate.disk_bytes) : "";
  char text[64];
  const bool at_most = estimate.note.starts_with("at most");
  std::snprintf(text, sizeof text, "%.3g GFLOP, %s ", estimate.flop / 1e9, at_most ? "about" : "at least");
  return text + FormatSeconds(estimate.flop / rate) + ", " + FormatBytes(estimate.disk_bytes) +
         (estimate.note.empty() ? "" : " (" + estimate.note + ")");
}

void PrintPlan(const StageContext& context, const std::string& stage, const ShellOptions& shell) {
  const double rate = MeasureMatmulRate(context.device(), context.dtype());
  Json json = {{"dry_run", true},
               {"run", context.run().path().string()},
               {"device", DeviceClass(context.device())},
               {"matmul_flop_per_second", rate},
               {"stages", Json::array()}};
  std::string text = "nothing was done (--dry-run); times are what " + DeviceClass(context.device()) +
                     " needs at best, at its measured matmul rate\n";
  for (const PlannedStage& planned : PlanPipeline(context, stage)) {
    json["stages"].push_back({{"stage", planned.stage},
                              {"key", planned.key},
                              {"state", planned.state},
                              {"why", planned.why},
                              {"flop", planned.estimate.flop},
                              {"seconds_at_least", planned.estimate.flop / rate},
                              {"disk_bytes", planned.estimate.disk_bytes},
                              {"note", planned.estimate.note}});
    char line[160];
    std::snprintf(line, sizeof line, "  %-20s %-12s %-14s %s\n", planned.stage.c_str(),
                  planned.key.empty() ? "-" : planned.key.c_str(), planned.state.c_str(),
                  Estimated(planned.estimate, rate).c_str());
    text += line;
    for (const std::string& why : planned.why) text += "      " + why + "\n";
  }
  PrintResult(shell, json, text);
}

std::string Summary(const Json& json) {
  std::string text;
  for (const Json& stage : json["stages"]) {
    char line[160];
    std::snprintf(line, sizeof line, "  %-20s %s  %-8s %10s  %s\n", stage["stage"].get<std::string>().c_str(),
                  stage["key"].get<std::string>().c_str(), stage["reused"].get<bool>() ? "reused" : "done",
                  FormatSeconds(stage["seconds"].get<double>()).c_str(),
                  FormatBytes(stage["peak_host_bytes"].get<uint64_t>()).c_str());
    text += line;
  }
  if (json["accuracy"].is_number()) {
    char line[96];
    std::snprintf(line, sizeof line, "accuracy %.2f %% on %lld queries\n", 100 * json["accuracy"].get<double>(),
                  static_cast<long long>(json["queries"].get<int64_t>()));
    text += line;
  }
  if (json.contains("student_file")) text += "student  " + json["student_file"].get<std::string>() + "\n";
  return text;
}

}  // namespace

int RunStageCommand(const Command& command, const std::vector<std::string>& arguments) {
  CommandOptions grammar(command.name, command.summary, IsStage(command.name) ? command.name : "");
  RunOptions options;
  options.Declare(grammar);
  const auto complete = [&] {
    PreferWhatTheCommandLineChose(grammar, &options.global);
    if (IsStage(command.name)) AdoptUpstream(command.name, options.global, &grammar);
  };
  if (!BeginCommand(grammar, options.shell, arguments, complete)) return 0;
  InstallStopHandlers();
  if (command.name == "evaluate" && options.evaluate.method != "distilled") {
    const MethodReport report = ScoreMethod(options);
    PrintResult(options.shell, report.json, report.table);
    return 0;
  }
  const StageContext context(options);
  if (options.shell.dry_run) {
    PrintPlan(context, command.name, options.shell);
    return 0;
  }
  const PipelineResult result = RunPipeline(context, command.name, ManifestPart(context, command.name, grammar));
  const Json json = ResultJson(context, result);
  PrintResult(options.shell, json, Summary(json));
  return 0;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// specialize and the six stages, which have the same options.
#include <fmt/format.h>

#include "commands.h"
#include "tint/analysis/method_scores.h"
#include "tint/artifacts/version.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/stages/pipeline.h"
#include "tint/tensor/device.h"
#include "tint/tensor/matmul_rate.h"

namespace tint {
namespace {

bool IsStage(const std::string& name) {
  const auto& names = StageNames();
  return std::find(names.begin(), names.end(), name) != names.end();
}

// For the command of a stage, the options of earlier stages are those recorded in the run folder, unless this command
// line, its file or the environment sets them.
void AdoptUpstream(const std::string& stage, const GlobalOptions& global, CommandOptions* command) {
  if (global.run.empty() || !IsRunFolder(global.run)) return;
  const Json manifest = RunFolder::Open(global.run).Manifest();
  if (!manifest.contains("options")) return;
  for (const std::string& name : StageNames()) {
    if (name == stage) break;
    if (manifest["options"].contains(name))
      command->AdoptStored(name, manifest["options"][name], std::filesystem::path(global.run) / kRunFile);
  }
}

// A configuration file may name a data set and the command line a folder of photos, or the other way round: the command
// line decides.
void PreferCommandLineInput(const CommandOptions& command, GlobalOptions* global) {
  const auto typed = [&](const char* name) { return command.origin(name) == Origin::kFlag; };
  const bool photos = typed("support") || typed("query"), episode = typed("dataset") || typed("episodes");
  if (photos && !episode) global->dataset = global->episodes = "";
  if (episode && !photos) global->support = global->query = "";
}

// What run.json records of this run: no times and no paths, so that equal runs have equal bytes.
Json ManifestPart(const StageInputs& inputs, const std::string& stage, const CommandOptions& command) {
  Json part;
  part["tint"] = ToolVersion();
  part["libtorch"] = TorchVersion();
  // For the command of a stage: the options of that stage and of earlier ones, not of later ones, which did not run.
  for (const OptionGroup& group : command.groups()) {
    part["options"][group.name.empty() ? "global" : group.name] = command.StoredGroup(group.name);
    if (group.name == stage) break;
  }
  for (const auto& [role, record] : inputs.models.records())
    part["models"][role] = {
        {"sha256", record.sha256}, {"dtype", record.dtype}, {"licence", record.licence}, {"source", record.source}};
  const Task& task = inputs.episode.task;
  part["data"] = {{"dataset", task.dataset},
                  {"split", task.split},
                  {"sha256", task.dataset_sha256},
                  {"base", inputs.sources.base_name == "none" ? "none" : "some"}};
  if (!task.episodes_sha256.empty())
    part["episodes"] = {{"sha256", task.episodes_sha256}, {"count", task.episodes_in_file}};
  part["device"] = DeviceClass(inputs.settings.device);
  part["threads"] = inputs.settings.threads;
  return part;
}

std::string Estimated(const StageEstimate& estimate, double rate) {
  if (estimate.flop <= 0) return estimate.disk_bytes > 0 ? FormatBytes(estimate.disk_bytes) : "";
  const double gflop = estimate.flop / 1e9;
  const std::string text =
      fmt::format(fmt::runtime(gflop < 100 ? "{:.3g} GFLOP, about " : "{:.0f} GFLOP, about "), gflop);
  return text + FormatSeconds(estimate.flop / rate) + ", " + FormatBytes(estimate.disk_bytes) +
         (estimate.note.empty() ? "" : " (" + estimate.note + ")");
}

void PrintPlan(const StageInputs& inputs, const std::string& stage, const ShellOptions& shell) {
  const double rate = MeasureMatmulRate(inputs.settings.device, inputs.settings.dtype);
  Json json = {{"dry_run", true},
               {"run", inputs.run.path().string()},
               {"device", DeviceClass(inputs.settings.device)},
               {"matmul_flop_per_second", rate},
               {"stages", Json::array()}};
  std::string text = "nothing was done (--dry-run); times are estimated from the measured matmul rate of " +
                     DeviceClass(inputs.settings.device) + "\n";
  for (const PlannedStage& planned : PlanPipeline(inputs, stage)) {
    json["stages"].push_back({{"stage", planned.stage},
                              {"key", planned.key},
                              {"state", planned.state},
                              {"why", planned.why},
                              {"flop", planned.estimate.flop},
                              {"seconds_at_least", planned.estimate.flop / rate},
                              {"disk_bytes", planned.estimate.disk_bytes},
                              {"note", planned.estimate.note}});
    text += fmt::format("  {:<20} {:<12} {:<14} {}\n", planned.stage, planned.key.empty() ? "-" : planned.key,
                        planned.state, Estimated(planned.estimate, rate));
    for (const std::string& why : planned.why) text += "      " + why + "\n";
  }
  PrintResult(shell, json, text);
}

std::string Summary(const Json& json) {
  std::string text;
  for (const Json& stage : json["stages"]) {
    text += fmt::format("  {:<20} {}  {:<8} {:>10}  {}\n", stage["stage"].get<std::string>(),
                        stage["key"].get<std::string>(), stage["reused"].get<bool>() ? "reused" : "done",
                        FormatSeconds(stage["seconds"].get<double>()),
                        FormatBytes(stage["peak_host_bytes"].get<uint64_t>()));
  }
  if (json["accuracy"].is_number()) {
    text += fmt::format("accuracy {:.2f} % on {} queries\n", 100 * json["accuracy"].get<double>(),
                        json["queries"].get<int64_t>());
  }
  if (json.contains("student_file")) text += "student  " + json["student_file"].get<std::string>() + "\n";
  return text;
}

class StageCommand : public CommandHandler {
 public:
  explicit StageCommand(std::string name) : name_(std::move(name)) {}

  void Declare(CommandOptions& options) override { options_.Declare(options); }

  void Complete(CommandOptions& options) override {
    PreferCommandLineInput(options, &options_.global);
    if (IsStage(name_)) AdoptUpstream(name_, options_.global, &options);
  }

  void Run(const CommandOptions& options) override {
    InstallStopHandlers();
    if (name_ == "evaluate" && options_.evaluate.method != ScoringMethod::kDistilled) {
      const MethodReport report = ScoreMethod(options_);
      PrintResult(shell, report.json, report.table);
      return;
    }
    const StageInputs inputs(options_);
    if (shell.dry_run) {
      PrintPlan(inputs, name_, shell);
      return;
    }
    const PipelineResult result = RunPipeline(inputs, name_, ManifestPart(inputs, name_, options));
    const Json json = ResultJson(inputs, result);
    PrintResult(shell, json, Summary(json));
  }

 private:
  const std::string name_;
  RunOptions options_;
};

}  // namespace

HandlerPtr MakeStageCommand(const std::string& name) { return std::make_unique<StageCommand>(name); }

}  // namespace tint

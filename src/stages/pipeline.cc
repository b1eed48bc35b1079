#include "tint/stages/pipeline.h"

#include <algorithm>

#include "tint/base/file.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/stages/cost_meter.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

uint64_t RunEpisode(const StageContext& context) {
  return context.task().dataset == "folder" ? kSupportEpisode : context.episode_idx();
}

bool HasQueries(const StageContext& context) { return context.task().query_source != nullptr; }

// The row, but for a score where there is nothing to score.
std::vector<std::string> StagesOfPipeline(const StageContext& context) {
  std::vector<std::string> names = PipelineStages(context);
  if (!HasQueries(context)) names.pop_back();
  return names;
}

// What `wanted` transitively reads.
void AddNeeds(const StageContext& context, const std::string& wanted, std::vector<std::string>* names) {
  for (const std::string& need : MakeStage(wanted)->needs(context)) {
    AddNeeds(context, need, names);
    if (std::find(names->begin(), names->end(), need) == names->end()) names->push_back(need);
  }
}

// What a command is about: the row, or a stage and all that it reads.
std::vector<std::string> StagesAbout(const StageContext& context, const std::string& stage) {
  if (stage == "specialize") return StagesOfPipeline(context);
  std::vector<std::string> names;
  AddNeeds(context, stage, &names);
  names.push_back(stage);
  return names;
}

bool HasAll(const StageResults& results, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) { return results.count(name) > 0; });
}

[[noreturn]] void FailMissing(const StageContext& context, const std::string& stage, const std::string& missing) {
  Fail(ExitCode::kMissingInput,
       {.file = context.run().path().string(),
        .field = stage,
        .found = "stage " + missing + " has not run with these options",
        .expected = "its result in this run folder",
        .remedy = "Run `tint " + missing + " --run " + Quote(context.run().path().string()) +
                  " ...` with the same options first, or `tint specialize`, which runs what is missing."});
}

StageReport RunOne(const StageContext& context, const Stage& stage, StageResults* results) {
  const StageKey key = stage.Key(context, *results);
  const fs::path folder = context.run().StagePath(RunEpisode(context), key);
  if (auto complete = CompletedStage::Open(folder)) {
    complete->Verify();
    StageReport report{stage.name(), complete->key(), true, complete->cost()};
    results->insert_or_assign(stage.name(), std::move(*complete));
    return report;
  }
  spdlog::info("{}: working ({})", stage.name(), key.Folder());
  ResetPeaks(context.device());
  const CostMeter cost(context.device());
  StageWriter writer(folder, key);
  writer.MeasureCostBy([&] { return cost.SoFar(); });
  const Json metrics = stage.Run(context, *results, writer);
  CompletedStage complete = writer.Finish(metrics, cost.SoFar());
  StageReport report{stage.name(), complete.key(), false, complete.cost()};
  results->insert_or_assign(stage.name(), std::move(complete));
  spdlog::info("{}: done in {}", stage.name(), FormatSeconds(report.cost.seconds));
  return report;
}

// Faults of input come before hours of work: all that will run is checked before the first of it does.
// `results` holds what they need of others.
void CheckWhatIsMissing(const StageContext& context, const std::vector<std::string>& names, StageResults results) {
  bool complete = true;
  uint64_t bytes = 0;
  for (const std::string& name : names) {
    const std::unique_ptr<Stage> stage = MakeStage(name);
    if (complete) {
      auto result = CompletedStage::Open(context.run().StagePath(RunEpisode(context), stage->Key(context, results)));
      complete = result.has_value();
      if (complete) results.insert_or_assign(name, std::move(*result));
    }
    if (complete) continue;
    stage->Check(context);
    bytes += stage->Estimate(context).disk_bytes;
  }
  const uint64_t free = FreeBytes(context.run().path());
  if (bytes > free)
    Fail(ExitCode::kInputOutput, {.file = context.run().path().string(),
                                  .found = FormatBytes(free) + " free on its disk",
                                  .expected = "about " + FormatBytes(bytes) + " for what is to be made"});
}

// In what the key differs from that of the stage's newest result.
std::vector<std::string> WhyNotReused(const StageContext& context, const StageKey& key) {
  fs::path newest;
  for (const auto& entry : context.run().Entries()) {
    if (entry.episode_idx != RunEpisode(context) || entry.stage != key.stage || !entry.complete) continue;
    if (newest.empty() || fs::last_write_time(entry.folder / "done.json") > fs::last_write_time(newest / "done.json"))
      newest = entry.folder;
  }
  if (newest.empty()) return {};
  const auto other = CompletedStage::Open(newest);
  return other ? DifferencesOfKeys(other->components(), key.Components()) : std::vector<std::string>();
}

// Opens what is complete of the stages before `stage`; complains about the first that is not. One that only takes over
// a user's file is run on the way.
void OpenNeeds(const StageContext& context, const std::string& stage, bool may_import, StageResults* results) {
  std::vector<std::string> needs;
  AddNeeds(context, stage, &needs);
  for (const std::string& need : needs) {
    const std::unique_ptr<Stage> earlier = MakeStage(need);
    auto complete = CompletedStage::Open(context.run().StagePath(RunEpisode(context), earlier->Key(context, *results)));
    if (!complete && may_import && earlier->OnlyImports(context)) {
      earlier->Check(context);
      RunOne(context, *earlier, results);
      continue;
    }
    if (!complete) FailMissing(context, stage, need);
    complete->Verify();
    results->insert_or_assign(need, std::move(*complete));
  }
}

}  // namespace

PipelineResult RunPipeline(const StageContext& context, const std::string& stage, const Json& manifest_part) {
  PipelineResult result;
  const bool row = stage == "specialize";
  const std::vector<std::string> names = row ? StagesOfPipeline(context) : std::vector<std::string>{stage};
  std::error_code ignored;
  // Where nothing of the episode lies yet, earlier stages are missing: a mistyped --run makes no new run.
  if (!row && !fs::exists(context.run().EpisodeFolder(RunEpisode(context)), ignored))
    OpenNeeds(context, stage, /*may_import=*/false, &result.results);
  RunFolder run = RunFolder::Create(context.run().path());
  const Lease lease(run.EpisodeFolder(RunEpisode(context)));
  if (!row) OpenNeeds(context, stage, /*may_import=*/true, &result.results);
  CheckWhatIsMissing(context, names, result.results);
  run.UpdateManifest(manifest_part);
  for (const std::string& name : names) result.stages.push_back(RunOne(context, *MakeStage(name), &result.results));
  return result;
}

std::vector<PlannedStage> PlanPipeline(const StageContext& context, const std::string& stage) {
  std::vector<PlannedStage> plan;
  StageResults results;
  for (const std::string& name : StagesAbout(context, stage)) {
    const std::unique_ptr<Stage> current = MakeStage(name);
    PlannedStage planned{
        .stage = name, .key = "", .state = "would run", .why = {}, .estimate = current->Estimate(context)};
    if (HasAll(results, current->needs(context))) {
      const StageKey key = current->Key(context, results);
      const fs::path folder = context.run().StagePath(RunEpisode(context), key);
      planned.key = key.Folder();
      if (auto complete = CompletedStage::Open(folder)) {
        planned.state = "complete";
        planned.estimate = {};
        results.insert_or_assign(name, std::move(*complete));
      } else {
        if (fs::exists(folder / ".partial")) planned.state = "would go on";
        planned.why = WhyNotReused(context, key);
      }
    }
    const bool asked = stage == "specialize" || name == stage;
    if (asked && planned.state != "complete") current->Check(context);  // what would stop the command stops its plan
    if (!asked && planned.state != "complete") planned.state = "missing: run tint " + name;
    plan.push_back(std::move(planned));
  }
  return plan;
}

Json ResultJson(const StageContext& context, const PipelineResult& result) {
  Json json;
  json["accuracy"] = nullptr;
  json["queries"] = 0;
  const auto evaluate = result.results.find("evaluate");
  if (evaluate != result.results.end()) {
    json["accuracy"] = evaluate->second.metrics().at("accuracy");
    json["queries"] = evaluate->second.metrics().at("queries");
  }
  if (RunEpisode(context) == kSupportEpisode) {
    json["episode"] = "support";
  } else {
    json["episode"] = context.episode_idx();
  }
  json["student"] = context.options().global.student;
  json["run"] = context.run().path().string();
  const auto distill = result.results.find("distill");
  if (distill != result.results.end()) json["student_file"] = (distill->second.folder() / "student.pt").string();
  json["stages"] = Json::array();
  for (const StageReport& report : result.stages) {
    json["stages"].push_back({{"stage", report.stage},
                              {"key", report.key},
                              {"reused", report.reused},
                              {"seconds", report.cost.seconds},
                              {"peak_host_bytes", report.cost.peak_host_bytes},
                              {"peak_device_bytes", report.cost.peak_device_bytes}});
  }
  return json;
}

}  // namespace tint

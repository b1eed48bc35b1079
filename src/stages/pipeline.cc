// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/pipeline.h"

#include <algorithm>
#include <memory>

#include "stages.h"
#include "tint/artifacts/layout.h"
#include "tint/artifacts/lease.h"
#include "tint/artifacts/student_bundle.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/text.h"
#include "tint/stages/cost_meter.h"
#include "tint/tensor/memory.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Stage> MakeStage(const StageInputs& inputs, const std::string& name);

// The pipeline, without evaluate: all stages, or distill alone.
std::vector<std::string> StagesBeforeEvaluate(const StageInputs& inputs) {
  if (!UsesGenerated(inputs.options.distill, inputs.sources)) return {"distill"};
  std::vector<std::string> names = StageNames();
  names.pop_back();
  return names;
}

// With evaluate where there is something to score.
std::vector<std::string> StagesOfPipeline(const StageInputs& inputs) {
  std::vector<std::string> names = StagesBeforeEvaluate(inputs);
  if (inputs.episode.task.query_source != nullptr) names.push_back("evaluate");
  return names;
}

StudentChoice ChosenStudent(const RunOptions& options) {
  return {.architecture = options.global.student,
          .weights_file = options.global.student_weights,
          .random = options.global.student_init == InitialWeights::kRandom,
          .options = options.distill.student};
}

std::unique_ptr<Stage> MakeEvaluate(const StageInputs& inputs) {
  std::vector<std::string> roles;
  for (const std::string& stage : StagesBeforeEvaluate(inputs)) {
    for (const std::string& role : MakeStage(inputs, stage)->roles()) roles.push_back(role);
  }
  return MakeEvaluateStage({.options = inputs.options.evaluate,
                            .queries_per_class = inputs.options.global.queries,
                            .student = ChosenStudent(inputs.options),
                            .sources = inputs.sources,
                            .run = inputs.run,
                            .stages = StagesBeforeEvaluate(inputs),
                            .models = roles},
                           inputs.episode, inputs.settings, inputs.models);
}

// Each stage sees its own options, and those of other stages that change its result.
std::unique_ptr<Stage> MakeStage(const StageInputs& inputs, const std::string& name) {
  const auto& [options, models, episode, settings, sources, run] = inputs;
  if (name == "super-resolve") return MakeSuperResolveStage(options.super_resolve, episode, settings, models);
  if (name == "textual-inversion")
    return MakeTextualInversionStage(
        {options.textual_inversion, options.null_text, options.super_resolve, options.generate.guidance}, episode,
        settings, models);
  if (name == "null-text-inversion")
    return MakeNullTextInversionStage(options.null_text, options.textual_inversion, episode, settings, models);
  if (name == "generate")
    return MakeGenerateStage({options.generate, options.null_text, options.textual_inversion, options.super_resolve},
                             episode, settings, models);
  if (name == "distill")
    return MakeDistillStage({options.distill, ChosenStudent(options), sources, run, options.generate.images}, episode,
                            settings, models);
  TINT_CHECK_EQ(name, "evaluate");
  return MakeEvaluate(inputs);
}

// What `wanted` transitively reads.
void AddNeeds(const StageInputs& inputs, const std::string& wanted, std::vector<std::string>* names) {
  for (const std::string& need : MakeStage(inputs, wanted)->needs()) {
    AddNeeds(inputs, need, names);
    if (std::find(names->begin(), names->end(), need) == names->end()) names->push_back(need);
  }
}

// What a command is about: the pipeline, or a stage and all that it reads.
std::vector<std::string> StagesAbout(const StageInputs& inputs, const std::string& stage) {
  if (stage == "specialize") return StagesOfPipeline(inputs);
  std::vector<std::string> names;
  AddNeeds(inputs, stage, &names);
  names.push_back(stage);
  return names;
}

bool HasAll(const StageResults& results, const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) { return results.count(name) > 0; });
}

[[noreturn]] void FailMissing(const StageInputs& inputs, const std::string& stage, const std::string& missing) {
  Fail(ExitCode::kMissingInput,
       {.file = inputs.run.path().string(),
        .field = stage,
        .found = "stage " + missing + " has not run with these options",
        .expected = "its result in this run folder",
        .remedy = "Run `tint " + missing + " --run " + Quote(inputs.run.path().string()) +
                  " ...` with the same options first, or `tint specialize`, which runs what is missing."});
}

StageReport RunOne(const StageInputs& inputs, const Stage& stage, StageResults* results) {
  const StageKey key = stage.Key(*results);
  const fs::path folder = inputs.run.StagePath(inputs.episode.folder_index(), key);
  if (auto complete = CompletedStage::Open(folder)) {
    complete->Verify();
    StageReport report{stage.name(), complete->key(), true, complete->cost()};
    results->insert_or_assign(stage.name(), std::move(*complete));
    return report;
  }
  spdlog::info("{}: working ({})", stage.name(), key.Folder());
  ResetPeaks(inputs.settings.device);
  const CostMeter cost(inputs.settings.device);
  StageWriter writer(folder, key);
  writer.MeasureCostBy([&] { return cost.SoFar(); });
  const Json metrics = stage.Run(*results, writer);
  CompletedStage complete = writer.Finish(metrics, cost.SoFar());
  StageReport report{stage.name(), complete.key(), false, complete.cost()};
  results->insert_or_assign(stage.name(), std::move(complete));
  spdlog::info("{}: done in {}", stage.name(), FormatSeconds(report.cost.seconds));
  return report;
}

// Faults of input come before hours of work: all that will run is checked before the first of it does.
// `results` holds what they need of others.
void CheckWhatIsMissing(const StageInputs& inputs, const std::vector<std::string>& names, StageResults results) {
  bool complete = true;
  uint64_t bytes = 0;
  for (const std::string& name : names) {
    const std::unique_ptr<Stage> stage = MakeStage(inputs, name);
    if (complete) {
      auto result = CompletedStage::Open(inputs.run.StagePath(inputs.episode.folder_index(), stage->Key(results)));
      complete = result.has_value();
      if (complete) results.insert_or_assign(name, std::move(*result));
    }
    if (complete) continue;
    stage->Check();
    bytes += stage->Estimate().disk_bytes;
  }
  const uint64_t free = FreeBytes(inputs.run.path());
  if (bytes > free)
    Fail(ExitCode::kInputOutput, {.file = inputs.run.path().string(),
                                  .found = FormatBytes(free) + " free on its disk",
                                  .expected = "about " + FormatBytes(bytes) + " for what is to be made"});
}

// In what the key differs from that of the stage's newest result.
std::vector<std::string> WhyNotReused(const StageInputs& inputs, const StageKey& key) {
  fs::path newest;
  for (const auto& entry : inputs.run.Entries()) {
    if (entry.episode_idx != inputs.episode.folder_index() || entry.stage != key.stage || !entry.complete) continue;
    if (newest.empty() || fs::last_write_time(entry.folder / kDoneFile) > fs::last_write_time(newest / kDoneFile))
      newest = entry.folder;
  }
  if (newest.empty()) return {};
  const auto other = CompletedStage::Open(newest);
  return other ? DifferencesOfKeys(other->components(), key.Components()) : std::vector<std::string>();
}

// Opens the stages before `stage`; the first that is not complete is an error, except that one which only imports a
// user's file is run on the way.
void OpenNeeds(const StageInputs& inputs, const std::string& stage, bool may_import, StageResults* results) {
  std::vector<std::string> needs;
  AddNeeds(inputs, stage, &needs);
  for (const std::string& need : needs) {
    const std::unique_ptr<Stage> earlier = MakeStage(inputs, need);
    auto complete = CompletedStage::Open(inputs.run.StagePath(inputs.episode.folder_index(), earlier->Key(*results)));
    if (!complete && may_import && earlier->OnlyImports()) {
      earlier->Check();
      RunOne(inputs, *earlier, results);
      continue;
    }
    if (!complete) FailMissing(inputs, stage, need);
    complete->Verify();
    results->insert_or_assign(need, std::move(*complete));
  }
}

}  // namespace

PipelineResult RunPipeline(const StageInputs& inputs, const std::string& stage, const Json& manifest_part) {
  PipelineResult result;
  const bool whole = stage == "specialize";
  const std::vector<std::string> names = whole ? StagesOfPipeline(inputs) : std::vector<std::string>{stage};
  std::error_code ignored;
  // Where nothing of the episode exists yet, earlier stages are missing: a mistyped --run creates no new run.
  if (!whole && !fs::exists(inputs.run.EpisodeFolder(inputs.episode.folder_index()), ignored))
    OpenNeeds(inputs, stage, /*may_import=*/false, &result.results);
  RunFolder run = RunFolder::Create(inputs.run.path());
  const Lease lease(run.EpisodeFolder(inputs.episode.folder_index()));
  if (!whole) OpenNeeds(inputs, stage, /*may_import=*/true, &result.results);
  CheckWhatIsMissing(inputs, names, result.results);
  run.UpdateManifest(manifest_part);
  for (const std::string& name : names)
    result.stages.push_back(RunOne(inputs, *MakeStage(inputs, name), &result.results));
  return result;
}

std::vector<PlannedStage> PlanPipeline(const StageInputs& inputs, const std::string& stage) {
  std::vector<PlannedStage> plan;
  StageResults results;
  for (const std::string& name : StagesAbout(inputs, stage)) {
    const std::unique_ptr<Stage> current = MakeStage(inputs, name);
    PlannedStage planned{.stage = name, .key = "", .state = "would run", .why = {}, .estimate = current->Estimate()};
    if (HasAll(results, current->needs())) {
      const StageKey key = current->Key(results);
      const fs::path folder = inputs.run.StagePath(inputs.episode.folder_index(), key);
      planned.key = key.Folder();
      if (auto complete = CompletedStage::Open(folder)) {
        planned.state = "complete";
        planned.estimate = {};
        results.insert_or_assign(name, std::move(*complete));
      } else {
        if (StateOfResult(folder) == ResultState::kUnfinished) planned.state = "would resume";
        planned.why = WhyNotReused(inputs, key);
      }
    }
    const bool requested = stage == "specialize" || name == stage;
    if (requested && planned.state != "complete") current->Check();  // what would stop the command stops its plan
    if (!requested && planned.state != "complete") planned.state = "missing: run tint " + name;
    plan.push_back(std::move(planned));
  }
  return plan;
}

Json ResultJson(const StageInputs& inputs, const PipelineResult& result) {
  Json json;
  json["accuracy"] = nullptr;
  json["queries"] = 0;
  const auto evaluate = result.results.find("evaluate");
  if (evaluate != result.results.end()) {
    json["accuracy"] = evaluate->second.metrics().at("accuracy");
    json["queries"] = evaluate->second.metrics().at("queries");
  }
  if (inputs.episode.folder_index() == kSupportEpisode) {
    json["episode"] = EpisodeLabel(kSupportEpisode);
  } else {
    json["episode"] = inputs.episode.task.episode_idx;
  }
  json["student"] = inputs.options.global.student;
  json["run"] = inputs.run.path().string();
  const auto distill = result.results.find("distill");
  if (distill != result.results.end()) json["student_file"] = (distill->second.folder() / kStudentFile).string();
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

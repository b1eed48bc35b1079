// SPDX-License-Identifier: Apache-2.0
// The table of commands.
#include <algorithm>

#include "commands.h"
#include "tint/base/text.h"

namespace tint {
namespace {

constexpr char kPipeline[] = "Pipeline", kStages[] = "Stages", kPrepare[] = "Prepare", kAnalyze[] = "Analyze",
               kDiagnose[] = "Diagnose";
constexpr bool kComputes = true, kLight = false;

std::vector<Command> Prepare() {
  return {
      {kPrepare, "dataset synthesize", "generate the synthetic shapes data set (no download needed)", kLight,
       MakeDatasetSynthesizeCommand},
      {kPrepare, "dataset check", "check a data set: counts, undecodable images, duplicates", kLight,
       MakeDatasetCheckCommand},
      {kPrepare, "episodes draw", "draw a fixed list of episodes from a data set", kLight, MakeEpisodesDrawCommand},
      {kPrepare, "episodes check", "check an episode file against its data set", kLight, MakeEpisodesCheckCommand},
      {kPrepare, "episodes import", "convert an episode file of another tool", kLight, MakeEpisodesImportCommand},
      {kPrepare, "episodes export", "convert an episode file for another tool", kLight, MakeEpisodesExportCommand},
      {kPrepare, "models lock", "write models.json for the model files in a folder", kLight, MakeModelsLockCommand},
      {kPrepare, "models check", "load every model of a set and compare it with its probes", kComputes,
       MakeModelsCheckCommand},
      {kPrepare, "models calibrate", "fit the logit scale of a teacher that was not meta-trained", kComputes,
       MakeModelsCalibrateCommand},
      {kPrepare, "pretrain student", "pre-train Conv4 or ResNet12 on base classes and add it to a model set", kComputes,
       MakePretrainStudentCommand},
      {kPrepare, "pretrain teacher", "meta-train the teacher of a model set on episodes of base classes", kComputes,
       MakePretrainTeacherCommand},
      {kPrepare, "plan", "compute the number of episodes for a confidence interval", kLight, MakePlanCommand},
      {kPrepare, "completion", "print the completion script for a shell", kLight, MakeCompletionCommand},
  };
}

std::vector<Command> Analyze() {
  return {
      {kAnalyze, "collect", "tabulate mean accuracies with confidence intervals, next to published ones", kLight,
       MakeCollectCommand},
      {kAnalyze, "compare", "compare two results on the same episodes (paired)", kLight, MakeCompareCommand},
      {kAnalyze, "report", "write an HTML report of runs and results, and TensorBoard curves", kLight,
       MakeReportCommand},
      {kAnalyze, "fid", "compute the FID of generated images", kComputes, MakeFidCommand},
      {kAnalyze, "predict", "classify photos with a trained student", kComputes, MakePredictCommand},
      {kAnalyze, "student export", "export a student to ONNX", kLight, MakeStudentExportCommand},
      {kAnalyze, "embedding show", "describe a textual-inversion embedding file", kLight, MakeEmbeddingShowCommand},
      {kAnalyze, "embedding export", "export a learned word for A1111, ComfyUI or diffusers", kLight,
       MakeEmbeddingExportCommand},
  };
}

std::vector<Command> AllCommands() {
  std::vector<Command> all = {
      {kPipeline, "specialize", "train and score a classifier for one episode; finished stages are reused", kComputes,
       MakeStageCommand},
      {kStages, "super-resolve", "enlarge the support photos to the size of the diffusion model", kComputes,
       MakeStageCommand},
      {kStages, "textual-inversion", "learn a word embedding for each class", kComputes, MakeStageCommand},
      {kStages, "null-text-inversion", "invert each support photo into a denoising path", kComputes, MakeStageCommand},
      {kStages, "generate", "generate images by blending inverted latents with fresh noise", kComputes,
       MakeStageCommand},
      {kStages, "distill", "distil the teacher into a small student", kComputes, MakeStageCommand},
      {kStages, "evaluate", "score the student on the query photos", kComputes, MakeStageCommand},
  };
  for (const auto& part : {Prepare(), Analyze()}) all.insert(all.end(), part.begin(), part.end());
  all.insert(all.end(),
             {{kDiagnose, "inspect", "list the results in a run folder and check them", kLight, MakeInspectCommand},
              {kDiagnose, "verify", "recompute every hash of a run folder", kLight, MakeVerifyCommand},
              {kDiagnose, "bench", "time each stage's unit of work on this machine", kComputes, MakeBenchCommand},
              {kDiagnose, "doctor", "check machine, models and data, and print how to fix problems", kLight,
               MakeDoctorCommand}});
  return all;
}

}  // namespace

const std::vector<Command>& Commands() {
  static const std::vector<Command> commands = AllCommands();
  return commands;
}

const std::vector<std::string>& CommandGroups() {
  static const std::vector<std::string> groups = {kPipeline, kStages, kPrepare, kAnalyze, kDiagnose};
  return groups;
}

const Command* FindCommand(const std::vector<std::string>& arguments, size_t* words) {
  for (const Command& command : Commands()) {
    const std::vector<std::string> parts = Split(command.name, ' ');
    if (arguments.size() < parts.size() || !std::equal(parts.begin(), parts.end(), arguments.begin())) continue;
    *words = parts.size();
    return &command;
  }
  return nullptr;
}

}  // namespace tint

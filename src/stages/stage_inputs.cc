// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/stage_inputs.h"

#include <algorithm>

#include "tint/base/text.h"
#include "tint/data/bundled_episodes.h"
#include "tint/data/episode_file.h"
#include "tint/tensor/device.h"
#include "tint/tensor/dtype.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

Task ResolveTask(const GlobalOptions& global) {
  if (!global.support.empty()) {
    if (!global.dataset.empty() || !global.episodes.empty())
      Fail(ExitCode::kUsage, {.field = "--support",
                              .found = "given together with --dataset or --episodes",
                              .expected = "either an episode of a data set or a custom image folder"});
    return ResolveFolders(global.support, global.query, global.queries);
  }
  if (global.dataset == "folder")
    Fail(ExitCode::kUsage, {.field = "--dataset",
                            .found = "folder",
                            .expected = "another name: this one is reserved for custom image folders (--support)"});
  const fs::path path = global.episodes.empty() ? BundledEpisodes(global.dataset, "test-5way-5shot", "--episodes")
                                                : fs::path(global.episodes);
  const EpisodeFile file = ReadEpisodeFile(path);
  if (file.dataset != global.dataset)
    Fail(ExitCode::kBadInput, {.file = path.string(),
                               .field = "dataset",
                               .found = Quote(file.dataset),
                               .expected = Quote(global.dataset) + ", as --dataset says"});
  std::shared_ptr<ImageSource> source = OpenSplit(DataRoot(), file.dataset, file.split);
  return ResolveEpisode(file, static_cast<uint64_t>(global.episode), std::move(source), global.queries);
}

std::string ResolveBaseName(const GlobalOptions& global) {
  if (global.base != "auto") return global.base;
  return global.support.empty() ? global.dataset + ":train" : "none";
}

std::shared_ptr<ImageSource> OpenBase(const std::string& base) {
  if (base == "none") return nullptr;
  const size_t colon = base.find(':');
  if (colon != std::string::npos && base.find('/') == std::string::npos)
    return OpenSplit(DataRoot(), base.substr(0, colon), base.substr(colon + 1));
  return OpenClassFolders(base);
}

// The base teaches the student: what is scored must not be in it.
void CheckBaseIsNotScored(const GlobalOptions& global, const Task& task, const ImageSource* base) {
  if (base == nullptr) return;
  const auto refuse = [&](const std::string& what) {
    Fail(ExitCode::kBadInput, {.field = "--base",
                               .found = Quote(global.base) + " holds " + what,
                               .expected = "images of other classes than those that are scored"});
  };
  for (const std::string& own : {global.support, global.query}) {
    std::error_code ignored;
    if (!own.empty() && fs::equivalent(own, global.base, ignored)) refuse("the photos of " + Quote(own));
  }
  if (global.dataset.empty()) return;
  for (const TaskClass& one : task.classes) {
    if (std::binary_search(base->Classes().begin(), base->Classes().end(), one.name))
      refuse("class " + Quote(one.name) + " of the episode");
  }
}

// A folder of images for each class of the task.
std::shared_ptr<ImageSource> OpenSynthetic(const std::string& folder, const Task& task) {
  std::shared_ptr<ImageSource> source = OpenClassFolders(folder);
  for (const TaskClass& one : task.classes) {
    if (std::binary_search(source->Classes().begin(), source->Classes().end(), one.name)) continue;
    Fail(ExitCode::kMissingInput, {.file = folder,
                                   .field = "--synthetic-folder",
                                   .found = "no folder of class " + Quote(one.name),
                                   .expected = "a folder of images for each class of the episode"});
  }
  return source;
}

// Errors that can be found without opening anything come first.
const RunOptions& ValidateRequired(const RunOptions& options) {
  const GlobalOptions& global = options.global;
  RequireGiven(global.run, "--run", "the run folder");
  RequireGiven(global.models, "--models", "the folder of a model set");
  if (global.support.empty() && !global.query.empty())
    Fail(ExitCode::kUsage,
         {.field = "--query", .found = "given without --support", .expected = "--support DIR with --query DIR"});
  if (global.support.empty())
    RequireGiven(global.dataset, "--dataset", "a data set with --episodes and --episode, or --support DIR");
  return options;
}

RunSettings ResolveSettings(const GlobalOptions& global, const Task& task) {
  const int threads = SetUpTensorLibrary(static_cast<int>(global.threads));
  return {.device = ChooseDevice(global.device),
          .dtype = ParseDtype(global.dtype),
          .threads = threads,
          .seed = static_cast<uint64_t>(global.seed),
          .image_size = global.image_size > 0 ? global.image_size : task.dataset_info.image_size};
}

TrainingSources OpenSources(const GlobalOptions& global, const Task& task) {
  TrainingSources sources;
  sources.base_name = ResolveBaseName(global);
  sources.base = OpenBase(sources.base_name);
  if (!global.synthetic_folder.empty()) sources.synthetic = OpenSynthetic(global.synthetic_folder, task);
  CheckBaseIsNotScored(global, task, sources.base.get());
  return sources;
}

}  // namespace

StageInputs::StageInputs(const RunOptions& given)
    : options(ValidateRequired(given)),
      models(ModelSet::Open(given.global.models)),
      episode{ResolveTask(given.global)},
      settings(ResolveSettings(given.global, episode.task)),
      sources(OpenSources(given.global, episode.task)),
      run(RunFolder::ForPlanning(given.global.run)) {}

}  // namespace tint

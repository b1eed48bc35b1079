#include <algorithm>
#include <cctype>

#include "tint/base/text.h"
#include "tint/data/bundled_episodes.h"
#include "tint/data/loader.h"
#include "tint/stages/stage.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

Task ResolveTask(const GlobalOptions& global) {
  if (!global.support.empty()) {
    if (!global.dataset.empty() || !global.episodes.empty())
      Fail(ExitCode::kUsage, {.field = "--support",
                              .found = "given together with --dataset or --episodes",
                              .expected = "either an episode of a data set or folders of your own photos"});
    return ResolveFolders(global.support, global.query, global.queries);
  }
  if (global.dataset == "folder")
    Fail(ExitCode::kUsage, {.field = "--dataset",
                            .found = "folder",
                            .expected = "another name: so results call your own photos (--support)"});
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
void RefuseScoredBase(const GlobalOptions& global, const Task& task, const ImageSource* base) {
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

bool IsPlainName(const std::string& name) {
  if (name.empty() || name.size() > 64 || !std::isalnum(static_cast<unsigned char>(name[0]))) return false;
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return c < 128 && (std::isalnum(c) || c == '_' || c == '-'); });
}

// What can be told without opening anything is told first.
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

}  // namespace

StageContext::StageContext(const RunOptions& options)
    : options_(ValidateRequired(options)),
      models_(ModelSet::Open(options.global.models)),
      task_(ResolveTask(options.global)),
      threads_(SetUpTensorLibrary(static_cast<int>(options.global.threads))),
      device_(ChooseDevice(options.global.device)),
      dtype_(ParseDtype(options.global.dtype)),
      image_size_(options.global.image_size > 0 ? options.global.image_size : task_.facts.image_size),
      base_name_(ResolveBaseName(options.global)),
      base_source_(OpenBase(base_name_)),
      synthetic_source_(
          options.global.synthetic_folder.empty() ? nullptr : OpenSynthetic(options.global.synthetic_folder, task_)),
      run_(RunFolder::ForPlanning(options.global.run)) {
  RefuseScoredBase(options.global, task_, base_source_.get());
}

std::string StageContext::ArtifactName(int64_t class_idx) const {
  const std::string& name = task_.classes.at(static_cast<size_t>(class_idx)).name;
  if (IsPlainName(name) && !name.starts_with("class-")) return name;
  std::string number = std::to_string(class_idx);
  return "class-" + std::string(3 - std::min<size_t>(3, number.size()), '0') + number;
}

StageKey StageContext::NewKey(const std::string& stage, int64_t version, const Json& options) const {
  StageKey key;
  key.stage = stage;
  key.version = version;
  key.options = options;
  key.seed = seed();
  key.episode_idx = task_.dataset == "folder" ? 0 : task_.episode_idx;
  key.device = DeviceClass(device_);
  key.dtype = DtypeName(dtype_);
  key.threads = threads_;
  return key;
}

bool UsesGenerated(const StageContext& context) {
  return context.synthetic_source() == nullptr && context.options().distill.synthetic_weight > 0;
}

std::vector<std::string> PipelineStages(const StageContext& context) {
  if (UsesGenerated(context)) return StageNames();
  return {"distill", "evaluate"};
}

void Stage::Check(const StageContext& context) const {
  for (const std::string& role : roles(context)) context.models().Require(role);
}

std::unique_ptr<Stage> MakeStage(const std::string& name) {
  if (name == "super-resolve") return MakeSuperResolveStage();
  if (name == "textual-inversion") return MakeTextualInversionStage();
  if (name == "null-text-inversion") return MakeNullTextInversionStage();
  if (name == "generate") return MakeGenerateStage();
  if (name == "distill") return MakeDistillStage();
  TINT_CHECK_EQ(name, "evaluate");
  return MakeEvaluateStage();
}

}  // namespace tint

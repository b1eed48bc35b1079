// SPDX-License-Identifier: Apache-2.0
#include "training_setup.h"

#include <ATen/ATen.h>

#include "tint/artifacts/layout.h"
#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/sha256.h"
#include "tint/data/bundled_episodes.h"
#include "tint/data/loader.h"
#include "tint/models/model_set.h"
#include "tint/options/shared_options.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

const TrainingOptions& ValidateRequired(const TrainingOptions& options, const std::string& models_meaning) {
  RequireGiven(options.dataset, "--dataset", "the data set to train on");
  RequireGiven(options.models, "--models", models_meaning);
  return options;
}

EpisodeFile ReadValidation(const TrainingOptions& options) {
  if (!options.validation.empty()) return ReadEpisodeFile(options.validation);
  return ReadEpisodeFile(BundledEpisodes(options.dataset, "val-5way-5shot-40", "--validation"));
}

}  // namespace

TrainingSetup::TrainingSetup(const TrainingOptions& given, const std::string& models_meaning, int64_t queries)
    : options(ValidateRequired(given, models_meaning)),
      base(OpenSplit(DataRoot(), given.dataset, given.split)),
      dataset_info(InfoOfDataset(given.dataset)),
      image_size(given.image_size > 0 ? given.image_size : dataset_info.image_size),
      validation(ReadValidation(given)),
      threads(SetUpTensorLibrary(static_cast<int>(given.threads))),
      device(ChooseDevice(given.device)),
      validation_source(OpenSplit(DataRoot(), validation.dataset, validation.split)),
      indexed(IndexEpisodes(validation, validation_source, queries, given.validation_episodes)) {}

fs::path TrainingSetup::Results(const std::string& stage) const {
  return (options.work.empty() ? fs::path(options.models) / "pretrain" : fs::path(options.work)) / stage;
}

StageKey TrainingSetup::NewKey(const std::string& stage, int64_t version, const Json& training) const {
  StageKey key;
  key.stage = stage;
  key.version = version;
  key.options = training;
  key.options["image-size"] = image_size;
  key.options["validation-episodes"] = options.validation_episodes;
  key.inputs["base images"] = base->ContentSha256();
  key.inputs["validation episodes"] = validation.sha256;
  key.seed = static_cast<uint64_t>(options.seed);
  key.device = DeviceClass(device);
  key.dtype = "float32";
  key.threads = threads;
  return key;
}

at::Tensor TrainingSetup::ValidationImages() const {
  return LoadSquares(*validation_source, indexed.files, image_size);
}

double TrainingSetup::ValidationAccuracy(const at::Tensor& features) const {
  double sum = 0;
  for (const IndexedEpisodes::One& episode : indexed.episodes)
    sum += ScoreEpisode("nearest-centroid", features, episode).Accuracy();
  return sum / static_cast<double>(indexed.episodes.size());
}

std::string TrainingSetup::TrainingData() const {
  return options.dataset + ":" + options.split + " with labels, " + std::to_string(base->Classes().size()) + " classes";
}

void FailOnTestEpisodes(const EpisodeFile& validation, const std::string& what) {
  Fail(ExitCode::kBadInput, {.file = validation.path,
                             .field = "split",
                             .found = "test",
                             .expected = "val: " + what + " selected on test episodes has seen them"});
}

std::string StateOf(const fs::path& result) {
  const ResultState state = StateOfResult(result);
  return state == ResultState::kComplete     ? "complete"
         : state == ResultState::kUnfinished ? "would resume"
                                             : "would run";
}

std::string InstallModel(const std::string& models, const std::string& role, const CompletedStage& result,
                         const std::string& file, Json facts) {
  const fs::path folder = models;
  CreateFoldersDurably(folder);
  const std::string name = role + "-" + result.key() + ".pt", bytes = result.Read(file), sha256 = Sha256Hex(bytes);
  std::error_code ignored;
  if (!fs::exists(folder / name, ignored) || Sha256OfFile(folder / name) != sha256)
    WriteFileDurably(folder / name, bytes);
  bool listed = false;
  if (fs::exists(folder / "models.json", ignored)) {
    const ModelSet set = ModelSet::Open(folder);
    listed = set.Has(role) && set.Require(role).sha256 == sha256 && set.Require(role).file == name;
  }
  facts["file"] = name;
  if (!listed) LockModels(folder, {{role, facts}});
  return (folder / name).string();
}

void TrainingOptions::DeclareData(OptionList& list, const std::string& models_help) {
  DeclareDataset(list, &dataset);
  DeclareSplit(list, &split, "Split to train on.");
  DeclareModels(list, &models, models_help);
  list.Add("work", &work, "Folder of checkpoints and results; empty: pretrain in the model set.")
      .Is(TextKind::kFolder)
      .NotInKey();
  list.Add("validation", &validation,
           "Episode file for choosing the best epoch; empty: the 40 validation episodes that come with the "
           "data set.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("validation-episodes", &validation_episodes,
           "Number of validation episodes, the first ones of the file; 0: all.")
      .Range(0, 1e6);
}

void TrainingOptions::DeclareMachine(OptionList& list, const std::string& image_size_help) {
  DeclareImageSize(list, &image_size, image_size_help);
  DeclareSeed(list, &seed);
  DeclareDevice(list, &device);
  DeclareThreads(list, &threads);
}

}  // namespace tint

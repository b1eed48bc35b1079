// SPDX-License-Identifier: Apache-2.0
#include "tint/training/calibrate.h"

#include <ATen/ATen.h>

#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/data/bundled_episodes.h"
#include "tint/fewshot/scoring.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/options/shared_options.h"
#include "tint/tensor/device.h"
#include "training_setup.h"

namespace tint {
namespace {

constexpr char kRole[] = "teacher", kScale[] = "logit_scale";

// Cosines [M, N] of every query of the episodes to its episode's prototypes, and the classes [M].
struct Cosines {
  std::vector<at::Tensor> cosines, labels;
};

Cosines Compare(const at::Tensor& features, const IndexedEpisodes& indexed) {
  Cosines all;
  for (const IndexedEpisodes::One& episode : indexed.episodes) {
    const at::Tensor prototypes = Prototypes(features.index_select(0, episode.support), episode.support_labels,
                                             static_cast<int64_t>(episode.classes.size()));
    all.cosines.push_back(CosineLogits(features.index_select(0, episode.query), prototypes, 1, 0));
    all.labels.push_back(episode.query_labels);
  }
  return all;
}

EpisodeFile OpenEpisodes(const CalibrateOptions& options) {
  EpisodeFile file = ReadEpisodeFile(options.episodes.empty()
                                         ? BundledEpisodes(options.dataset, "val-5way-5shot-40", "--episodes").string()
                                         : options.episodes);
  if (file.dataset != options.dataset)
    Fail(ExitCode::kBadInput, {.file = file.path,
                               .field = "dataset",
                               .found = file.dataset,
                               .expected = options.dataset + ", the value of --dataset"});
  if (file.split == "test") FailOnTestEpisodes(file, "a scale");
  return file;
}

}  // namespace

void CalibrateOptions::Declare(CommandOptions& command) {
  OptionList& list = command.Group("");
  DeclareModels(list, &models, kModelsOrArgumentHelp);
  DeclareDataset(list, &dataset);
  list.Add("episodes", &episodes,
           "Episode file to fit to, not of a test split; empty: the 40 validation episodes that come with "
           "the data set.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("count", &count, "Number of episodes, the first ones of the file; 0: all.").Range(0, 1e6);
  list.Add("queries", &queries, "Number of queries per class; 0: all.").Range(0, 1e6);
  DeclareImageSize(list, &image_size, "Image size before the teacher's own resizing; 0: that of the data set.");
  DeclareDevice(list, &device);
  DeclareThreads(list, &threads);
}

Json CalibrateTeacher(const CalibrateOptions& options) {
  RequireGiven(options.models, "--models", "the folder of a model set");
  RequireGiven(options.dataset, "--dataset", "the data set of the episodes");
  SetUpTensorLibrary(static_cast<int>(options.threads));
  const ModelSet models = ModelSet::Open(options.models);
  models.Require(kRole);
  const EpisodeFile file = OpenEpisodes(options);
  const std::shared_ptr<ImageSource> source = OpenSplit(DataRoot(), file.dataset, file.split);
  const IndexedEpisodes indexed = IndexEpisodes(file, source, options.queries, options.count);
  const c10::Device device = ChooseDevice(options.device);
  const Teacher teacher = models.LoadTeacher(device, at::kFloat);
  const int64_t size = options.image_size > 0 ? options.image_size : InfoOfDataset(file.dataset).image_size;
  Progress progress("calibrate", "teacher features", static_cast<int64_t>(indexed.files.size()));
  const at::Tensor features =
      TeacherFeatures(teacher, LoadSquares(*source, indexed.files, size), device, [&](int64_t done) {
        progress.AdvanceTo(done);
        ThrowIfStopRequested();
      });
  const Cosines all = Compare(features, indexed);
  const double before = teacher.config().logit_scale, scale = CalibrateScale(all.cosines, all.labels);
  int64_t queries = 0, correct = 0;
  for (size_t k = 0; k < all.cosines.size(); ++k) {
    queries += all.labels[k].size(0);
    correct += all.cosines[k].argmax(1).eq(all.labels[k]).sum().item<int64_t>();
  }
  if (!options.dry_run) ChangeFact(options.models, kRole, kScale, scale);
  return {{"models", options.models},
          {"episodes", indexed.episodes.size()},
          {"queries", queries},
          {"accuracy", static_cast<double>(correct) / static_cast<double>(queries)},
          {"logit_scale_before", before},
          {"cross_entropy_before", MeanCrossEntropy(all.cosines, all.labels, before)},
          {kScale, scale},
          {"cross_entropy", MeanCrossEntropy(all.cosines, all.labels, scale)},
          {"written", !options.dry_run}};
}

}  // namespace tint

#include "tint/training/calibrate.h"

#include <ATen/ATen.h>

#include "tint/analysis/method_scores.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/data/bundled_episodes.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
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
                               .expected = options.dataset + ", as --dataset says"});
  if (file.split == "test") FailOnTestEpisodes(file, "a scale");
  return file;
}

}  // namespace

void CalibrateOptions::Declare(CommandOptions& command) {
  OptionList& list = command.Group("");
  list.Add("models", &models, "Folder of the model set; may also be given as the argument.")
      .Is(TextKind::kFolder)
      .NotInKey();
  list.Add("dataset", &dataset, "Data set below $TINT_DATA, such as miniimagenet.").Is(TextKind::kDataset);
  list.Add("episodes", &episodes,
           "File of episodes to fit to, not of a split test; empty: the list of 40 validation episodes that comes with "
           "the data set.")
      .Is(TextKind::kFile)
      .NotInKey();
  list.Add("count", &count, "Only the first N of them; 0: all.").Range(0, 1e6);
  list.Add("queries", &queries, "Queries of each class of them; 0: all.").Range(0, 1e6);
  list.Add("image-size", &image_size, "Side of the images before the teacher's own; 0: the data set's.")
      .Range(0, 1024)
      .Unit("pixels");
  list.Add("device", &device, "Device to run on: auto, cpu, cuda or cuda:N.")
      .Offers({"auto", "cpu", "cuda"})
      .Matching("auto|cpu|cuda(:[0-9]{1,3})?", "auto, cpu, cuda or cuda:N");
  list.Add("threads", &threads, "Number of intra-op threads (0: one per core).").Range(0, 4096);
  shell.Declare(list);
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
  const double before = teacher.facts().logit_scale, scale = CalibrateScale(all.cosines, all.labels);
  int64_t queries = 0, right = 0;
  for (size_t k = 0; k < all.cosines.size(); ++k) {
    queries += all.labels[k].size(0);
    right += all.cosines[k].argmax(1).eq(all.labels[k]).sum().item<int64_t>();
  }
  if (!options.shell.dry_run) ChangeFact(options.models, kRole, kScale, scale);
  return {{"models", options.models},
          {"episodes", indexed.episodes.size()},
          {"queries", queries},
          {"accuracy", static_cast<double>(right) / static_cast<double>(queries)},
          {"logit_scale_before", before},
          {"cross_entropy_before", MeanCrossEntropy(all.cosines, all.labels, before)},
          {kScale, scale},
          {"cross_entropy", MeanCrossEntropy(all.cosines, all.labels, scale)},
          {"written", !options.shell.dry_run}};
}

}  // namespace tint

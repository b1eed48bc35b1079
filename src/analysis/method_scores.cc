// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/method_scores.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <map>
#include <utility>

#include "tint/analysis/results.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/base/same_or_zero.h"
#include "tint/base/stop.h"
#include "tint/data/bundled_episodes.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/leakage.h"
#include "tint/fewshot/scoring.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/statistics/interval.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/device.h"
#include "tint/tensor/dtype.h"

namespace tint {
namespace {

std::string RoleOf(const RunOptions& options) {
  return options.evaluate.backbone == FeatureBackbone::kTeacher ? "teacher" : "student-" + options.global.student;
}

// Features float32 [files, D] of the model set's backbone.
at::Tensor FeaturesOf(const RunOptions& options, const ModelSet& models, const ImageSource& source,
                      const DatasetInfo& info, const std::vector<NamedFile>& files) {
  const c10::Device device = ChooseDevice(options.global.device);
  const std::string role = RoleOf(options);
  Progress progress("evaluate", role + " features", static_cast<int64_t>(files.size()));
  const auto after_batch = [&](int64_t done) {
    progress.AdvanceTo(done);
    ThrowIfStopRequested();
  };
  if (role == "teacher") {
    const int64_t size = options.global.image_size > 0 ? options.global.image_size : info.image_size;
    const Teacher teacher = models.LoadTeacher(device, ParseDtype(options.global.dtype));
    return TeacherFeatures(teacher, LoadSquares(source, files, size), device, after_batch);
  }
  const InputConfig input = models.ReadInputConfig(role);
  const ScriptModule backbone = models.LoadModule(role, device, at::kFloat);
  return StudentLogits(backbone, LoadSquares(source, files, input.input_size), input.mean, input.std, device,
                       after_batch);
}

// No episode may score an image that it learned from, whatever the file is called.
void CheckEpisodeLeakage(const ImageSource& source, const IndexedEpisodes& indexed) {
  const ImageHashes all = HashImages(source, indexed.files);
  const auto part = [&](const at::Tensor& rows) {
    ImageHashes hashes{.source = &source, .files = {}, .pixels = {}, .difference = {}};
    for (int64_t k = 0; k < rows.size(0); ++k) {
      const auto row = static_cast<size_t>(rows[k].item<int64_t>());
      hashes.files.push_back(all.files[row]);
      hashes.pixels.push_back(all.pixels[row]);
    }
    return hashes;
  };
  for (const IndexedEpisodes::One& episode : indexed.episodes)
    CheckNoEqualPixels(part(episode.support), "support", part(episode.query));
}

EpisodeScore Score(const IndexedEpisodes::One& episode, const EpisodeCounts& counts) {
  std::vector<ClassScore> classes;
  for (size_t c = 0; c < episode.classes.size(); ++c)
    classes.push_back({episode.classes[c], counts.queries[c], counts.correct[c]});
  return ScoreOf(episode.episode_idx, std::move(classes));
}

}  // namespace

MethodReport ScoreMethod(const RunOptions& options) {
  const GlobalOptions& global = options.global;
  RequireGiven(global.models, "--models", "the folder of a model set");
  RequireGiven(global.dataset, "--dataset", "the data set of the episodes");
  SetUpTensorLibrary(static_cast<int>(global.threads));
  const ModelSet models = ModelSet::Open(global.models);
  const ModelRecord& record = models.Require(RoleOf(options));
  const EpisodeFile file = ReadEpisodeFile(
      global.episodes.empty() ? BundledEpisodes(global.dataset, "test-5way-5shot", "--episodes").string()
                              : global.episodes);
  if (file.dataset != global.dataset)
    Fail(ExitCode::kBadInput, {.file = file.path,
                               .field = "dataset",
                               .found = file.dataset,
                               .expected = global.dataset + ", the value of --dataset"});
  const std::shared_ptr<ImageSource> source = OpenSplit(DataRoot(), file.dataset, file.split);
  const IndexedEpisodes indexed = IndexEpisodes(file, source, global.queries, options.evaluate.count);
  const at::Tensor features = FeaturesOf(options, models, *source, InfoOfDataset(file.dataset), indexed.files);
  CheckFinite(features, record.role + " features");
  CheckEpisodeLeakage(*source, indexed);

  MethodReport report;
  std::vector<EpisodeScore> scores;
  Progress progress("evaluate", "episodes", static_cast<int64_t>(indexed.episodes.size()));
  for (const IndexedEpisodes::One& episode : indexed.episodes) {
    scores.push_back(Score(episode, ScoreEpisode(ToString(options.evaluate.method), features, episode)));
    progress.Advance();
    ThrowIfStopRequested();
  }
  const Interval interval = StudentInterval(AccuraciesOf(scores));
  report.json = {{"schema", 1},
                 {"dataset", file.dataset},
                 {"split", file.split},
                 {"shots", SameOrZero(indexed.episodes, [](const IndexedEpisodes::One& one) { return one.shots; })},
                 {"method", ToString(options.evaluate.method)},
                 {"backbone", record.role},
                 {"backbone_sha256", record.sha256},
                 {"source", record.source},
                 {"training_data", record.facts.value("training_data", Json())},
                 {"episodes_file", file.path},
                 {"episodes_sha256", file.sha256},
                 {"episodes_in_file", file.episodes.size()},
                 {"queries_per_class", global.queries},
                 {"episodes", scores.size()},
                 {"accuracy", interval.mean},
                 {"interval", scores.size() > 1 ? Json(interval.half_width) : Json()},
                 {"configuration", {{"method", ToString(options.evaluate.method)}, {"backbone", record.KeySha256()}}},
                 {"per_episode", EpisodesJson(scores)}};
  const std::string mean = fmt::format("mean     {:10.2f} +- {:.2f} (95 % Student t, n = {})\n", 100 * interval.mean,
                                       100 * interval.half_width, scores.size());
  report.table = EpisodeLines(scores) + mean + ToString(options.evaluate.method) + " on " + record.role + ", data " +
                 file.dataset + ":" + file.split + ", episodes " + file.sha256.substr(0, 12) + "\n";
  return report;
}

}  // namespace tint

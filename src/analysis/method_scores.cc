#include "tint/analysis/method_scores.h"

#include <ATen/ATen.h>

#include <cstdio>
#include <map>
#include <utility>

#include "tint/analysis/results.h"
#include "tint/base/error.h"
#include "tint/base/progress.h"
#include "tint/base/same_or_zero.h"
#include "tint/base/stop.h"
#include "tint/data/bundled_episodes.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/methods.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/stages/leakage.h"
#include "tint/statistics/interval.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/device.h"

namespace tint {
namespace {

std::string RoleOf(const RunOptions& options) {
  return options.evaluate.backbone == "teacher" ? "teacher" : "student-" + options.global.student;
}

// Features float32 [files, D] of the model set's backbone.
at::Tensor FeaturesOf(const RunOptions& options, const ModelSet& models, const ImageSource& source,
                      const DatasetInfo& facts, const std::vector<NamedFile>& files) {
  const c10::Device device = ChooseDevice(options.global.device);
  const std::string role = RoleOf(options);
  Progress progress("evaluate", role + " features", static_cast<int64_t>(files.size()));
  const auto after_batch = [&](int64_t done) {
    progress.AdvanceTo(done);
    ThrowIfStopRequested();
  };
  if (role == "teacher") {
    const int64_t size = options.global.image_size > 0 ? options.global.image_size : facts.image_size;
    const Teacher teacher = models.LoadTeacher(device, ParseDtype(options.global.dtype));
    return TeacherFeatures(teacher, LoadSquares(source, files, size), device, after_batch);
  }
  const InputConfig input = models.ReadInputConfig(role);
  const ScriptModule backbone = models.LoadModule(role, device, at::kFloat);
  return StudentLogits(backbone, LoadSquares(source, files, input.input_size), input.mean, input.std, device,
                       after_batch);
}

}  // namespace

IndexedEpisodes IndexEpisodes(const EpisodeFile& file, const std::shared_ptr<ImageSource>& source, int64_t queries,
                              int64_t count) {
  IndexedEpisodes indexed;
  std::map<std::pair<std::string, std::string>, int64_t> rows;
  const auto row_of = [&](const std::string& class_name, const std::string& name) {
    const auto [at, is_new] = rows.try_emplace({class_name, name}, static_cast<int64_t>(indexed.files.size()));
    if (is_new) indexed.files.push_back({class_name, name});
    return at->second;
  };
  const size_t wanted =
      count > 0 ? std::min<size_t>(static_cast<size_t>(count), file.episodes.size()) : file.episodes.size();
  for (size_t k = 0; k < wanted; ++k) {
    const Task task = ResolveEpisode(file, k, source, queries);
    IndexedEpisodes::One one{.episode_idx = k,
                             .shots = task.shots(),
                             .classes = {},
                             .support = {},
                             .support_labels = {},
                             .query = {},
                             .query_labels = {}};
    std::vector<int64_t> support, support_labels, query, query_labels;
    for (size_t c = 0; c < task.classes.size(); ++c) {
      const TaskClass& task_class = task.classes[c];
      one.classes.push_back(task_class.name);
      for (const std::string& name : task_class.support) {
        support.push_back(row_of(task_class.name, name));
        support_labels.push_back(static_cast<int64_t>(c));
      }
      for (const std::string& name : task_class.query) {
        query.push_back(row_of(task_class.name, name));
        query_labels.push_back(static_cast<int64_t>(c));
      }
    }
    if (query.empty())
      Fail(ExitCode::kBadInput, {.file = file.path,
                                 .field = "episodes[" + std::to_string(k) + "].query",
                                 .found = "no query",
                                 .expected = "queries to score"});
    one.support = at::tensor(support, at::kLong);
    one.support_labels = at::tensor(support_labels, at::kLong);
    one.query = at::tensor(query, at::kLong);
    one.query_labels = at::tensor(query_labels, at::kLong);
    indexed.episodes.push_back(std::move(one));
  }
  return indexed;
}

EpisodeScore ScoreEpisode(const std::string& method, const at::Tensor& features, const IndexedEpisodes::One& episode) {
  const auto ways = static_cast<int64_t>(episode.classes.size());
  const at::Tensor logits = ClassifyFeatures(method, features.index_select(0, episode.support), episode.support_labels,
                                             ways, features.index_select(0, episode.query));
  CheckFinite(logits, method + " logits");
  const at::Tensor right = logits.argmax(1).eq(episode.query_labels);
  std::vector<ClassScore> classes;
  for (int64_t c = 0; c < ways; ++c) {
    const at::Tensor own = episode.query_labels.eq(c);
    classes.push_back({episode.classes[static_cast<size_t>(c)], own.sum().item<int64_t>(),
                       right.logical_and(own).sum().item<int64_t>()});
  }
  return ScoreOf(episode.episode_idx, std::move(classes));
}

namespace {

// No episode may score an image that it learned from, whatever the file is called.
void RefuseLeakage(const ImageSource& source, const IndexedEpisodes& indexed) {
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
    RefuseEqualPixels(part(episode.support), "support", part(episode.query));
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
                               .expected = global.dataset + ", as --dataset says"});
  const std::shared_ptr<ImageSource> source = OpenSplit(DataRoot(), file.dataset, file.split);
  const IndexedEpisodes indexed = IndexEpisodes(file, source, global.queries, options.evaluate.count);
  const at::Tensor features = FeaturesOf(options, models, *source, InfoOfDataset(file.dataset), indexed.files);
  CheckFinite(features, record.role + " features");
  RefuseLeakage(*source, indexed);

  MethodReport report;
  std::vector<EpisodeScore> scores;
  Progress progress("evaluate", "episodes", static_cast<int64_t>(indexed.episodes.size()));
  for (const IndexedEpisodes::One& episode : indexed.episodes) {
    scores.push_back(ScoreEpisode(options.evaluate.method, features, episode));
    progress.Advance();
    ThrowIfStopRequested();
  }
  const Interval interval = StudentInterval(AccuraciesOf(scores));
  report.json = {{"schema", 1},
                 {"dataset", file.dataset},
                 {"split", file.split},
                 {"shots", SameOrZero(indexed.episodes, [](const IndexedEpisodes::One& one) { return one.shots; })},
                 {"method", options.evaluate.method},
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
                 {"configuration", {{"method", options.evaluate.method}, {"backbone", record.KeySha256()}}},
                 {"per_episode", EpisodesJson(scores)}};
  char mean[160];
  std::snprintf(mean, sizeof mean, "mean     %10.2f +- %.2f (95 %% Student t, n = %zu)\n", 100 * interval.mean,
                100 * interval.half_width, scores.size());
  report.table = EpisodeLines(scores) + mean + options.evaluate.method + " on " + record.role + ", data " +
                 file.dataset + ":" + file.split + ", episodes " + file.sha256.substr(0, 12) + "\n";
  return report;
}

}  // namespace tint

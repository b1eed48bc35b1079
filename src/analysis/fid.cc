// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/fid.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "fid_statistics.h"
#include "tint/base/durable.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/loader.h"
#include "tint/image/pixels.h"
#include "tint/models/model_set.h"
#include "tint/options/shared_options.h"
#include "tint/statistics/frechet.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/device.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

constexpr int64_t kBatch = 32;
constexpr int64_t kDefaultSize = 84;

// Images of one class on one side.
struct ClassImages {
  std::shared_ptr<ImageSource> source;
  std::vector<NamedFile> files;
};

// The same positions on both sides if both have the same number of images: a set has distance 0 from itself.
ClassImages Choose(const std::shared_ptr<ImageSource>& source, const std::string& class_name,
                   const FidOptions& options) {
  const std::vector<std::string>& files = source->Files(class_name);
  if (files.size() < 2)
    Fail(ExitCode::kBadInput, {.file = source->Describe(class_name, ""),
                               .found = std::to_string(files.size()) + " images",
                               .expected = "at least two, to estimate a covariance"});
  ClassImages chosen{source, {}};
  const auto count = static_cast<int64_t>(files.size());
  std::vector<int64_t> order =
      RandomStream({.seed = static_cast<uint64_t>(options.seed), .stage = "fid"}).Permutation(count);
  if (options.limit > 0 && options.limit < count) order.resize(static_cast<size_t>(options.limit));
  std::sort(order.begin(), order.end());
  for (const int64_t k : order) chosen.files.push_back({class_name, files[static_cast<size_t>(k)]});
  return chosen;
}

std::string Codec(const ClassImages& chosen) {
  const std::string bytes = chosen.source->ReadBytes(chosen.files.front().class_name, chosen.files.front().file);
  if (bytes.starts_with("\xff\xd8")) return "JPEG";
  return bytes.starts_with("\x89PNG") ? "PNG" : "other";
}

class Features {
 public:
  Features(const ModelSet& models, const FidOptions& options, int64_t size)
      : device_(ChooseDevice(options.device)),
        width_(models.ReadFeatureWidth("inception")),
        size_(size),
        module_(models.LoadModule("inception", device_, at::kFloat)) {}

  // [M, D] on the CPU.
  at::Tensor Of(const ClassImages& chosen, Progress* progress) const {
    const c10::NoGradGuard no_grad;
    std::vector<at::Tensor> rows;
    for (size_t first = 0; first < chosen.files.size(); first += kBatch) {
      ThrowIfStopRequested();
      const size_t end = std::min<size_t>(first + kBatch, chosen.files.size());
      const std::vector<NamedFile> files(chosen.files.begin() + static_cast<std::ptrdiff_t>(first),
                                         chosen.files.begin() + static_cast<std::ptrdiff_t>(end));
      const at::Tensor images = ToUnitFloat(LoadSquares(*chosen.source, files, size_)).to(device_);
      rows.push_back(module_.Call("forward", {images}).to(at::kCPU));
      CheckShape(rows.back(), {images.size(0), width_}, "the inception role's features");
      CheckFinite(rows.back(), "the inception role's features");
      progress->Advance(images.size(0));
    }
    return at::cat(rows);
  }

 private:
  c10::Device device_;
  int64_t width_, size_;
  ScriptModule module_;
};

// A class on both sides.
struct Pair {
  std::string group, class_name;
  ClassImages real, generated;
};

const std::shared_ptr<ImageSource>& RealOf(const ImageSet& real, const ImageSet& generated, size_t group_idx) {
  if (real.groups.size() == 1) return real.groups.front().source;
  if (real.groups.size() == generated.groups.size()) return real.groups[group_idx].source;
  Fail(ExitCode::kBadInput, {.file = real.name,
                             .found = std::to_string(real.groups.size()) + " episodes",
                             .expected = "one set of real images, or as many episodes as " + Quote(generated.name)});
}

std::vector<Pair> PairClasses(const FidOptions& options, const ImageSet& real, const ImageSet& generated) {
  std::vector<Pair> pairs;
  for (size_t g = 0; g < generated.groups.size(); ++g) {
    const ImageGroup& group = generated.groups[g];
    const auto& source = RealOf(real, generated, g);
    for (const std::string& name : group.source->Classes()) {
      const std::vector<std::string>& known = source->Classes();
      if (!std::count(known.begin(), known.end(), name))
        Fail(ExitCode::kBadInput, {.file = generated.name,
                                   .found = "class " + Quote(name),
                                   .expected = "a class of the real images " + Quote(real.name),
                                   .remedy = DidYouMean(name, known)});
      pairs.push_back({group.name, name, Choose(source, name, options), Choose(group.source, name, options)});
    }
  }
  return pairs;
}

// All classes of all groups, each image once.
std::vector<ClassImages> ChooseAll(const FidOptions& options, const ImageSet& set) {
  std::vector<ClassImages> all;
  for (const ImageGroup& group : set.groups) {
    for (const std::string& name : group.source->Classes()) all.push_back(Choose(group.source, name, options));
  }
  return all;
}

int64_t CountOf(const std::vector<ClassImages>& chosen) {
  int64_t count = 0;
  for (const ClassImages& one : chosen) count += static_cast<int64_t>(one.files.size());
  return count;
}

at::Tensor FeaturesOf(const Features& features, const std::vector<ClassImages>& chosen, Progress* progress) {
  std::vector<at::Tensor> rows;
  for (const ClassImages& one : chosen) rows.push_back(features.Of(one, progress));
  return at::cat(rows);
}

// One side, pooled: images, or saved statistics.
struct Pool {
  std::vector<ClassImages> chosen = {};
  std::optional<FidStatistics> saved = {};

  int64_t count() const { return saved ? saved->moments.count : CountOf(chosen); }
  FeatureMoments Moments(const Features& features, Progress* progress) const {
    return saved ? saved->moments : MomentsOf(FeaturesOf(features, chosen, progress));
  }
};

void MeasurePooled(const FidOptions& options, const Features& features, const Pool& real, const Pool& generated,
                   FidReport* report) {
  report->real = real.count();
  report->generated = generated.count();
  Progress progress("fid", "images", CountOf(real.chosen) + CountOf(generated.chosen));
  const FeatureMoments of_real = real.Moments(features, &progress);
  if (!options.save_statistics.empty())
    WriteFileDurably(options.save_statistics, WriteFidStatistics({of_real, report->size, report->inception_sha256}));
  report->fid = FrechetDistance(of_real, generated.Moments(features, &progress));
}

// Mean over the classes of each group, then over groups.
double MeanOfMeans(const std::vector<FidValue>& values) {
  std::map<std::string, std::pair<double, int64_t>> groups;
  for (const FidValue& value : values) {
    groups[value.group].first += value.fid;
    ++groups[value.group].second;
  }
  double sum = 0;
  for (const auto& [name, group] : groups) sum += group.first / static_cast<double>(group.second);
  return sum / static_cast<double>(groups.size());
}

void MeasurePerClass(const Features& features, const std::vector<Pair>& pairs, FidReport* report) {
  for (const Pair& pair : pairs) {
    report->real += static_cast<int64_t>(pair.real.files.size());
    report->generated += static_cast<int64_t>(pair.generated.files.size());
  }
  Progress progress("fid", "images", report->real + report->generated);
  for (const Pair& pair : pairs) {
    const FeatureMoments real = MomentsOf(features.Of(pair.real, &progress));
    const FeatureMoments generated = MomentsOf(features.Of(pair.generated, &progress));
    report->classes.push_back(
        {pair.group, pair.class_name, FrechetDistance(real, generated), real.count, generated.count});
  }
  report->fid = MeanOfMeans(report->classes);
}

// Each class of the real side once, even if several episodes have it.
std::vector<ClassImages> DistinctRealClasses(const std::vector<Pair>& pairs) {
  std::vector<ClassImages> real;
  std::set<std::pair<const ImageSource*, std::string>> seen;
  for (const Pair& pair : pairs) {
    if (seen.insert({pair.real.source.get(), pair.class_name}).second) real.push_back(pair.real);
  }
  return real;
}

void AddWarnings(FidReport* report, const Pool& real, const Pool& generated) {
  std::vector<int64_t> counts = {report->real, report->generated};
  for (const FidValue& value : report->classes) counts.insert(counts.end(), {value.real, value.generated});
  std::erase(counts, 0);  // unknown
  const int64_t fewest = counts.empty() ? 0 : *std::min_element(counts.begin(), counts.end());
  if (!counts.empty() && fewest <= report->dimensions)
    report->warnings.push_back(std::to_string(fewest) + " images for " + std::to_string(report->dimensions) +
                               " features: the covariance is singular and the distance too large");
  for (const auto& [name, pool] : {std::pair(&report->real_name, &real), {&report->generated_name, &generated}}) {
    if (pool->saved && pool->saved->inception_sha256.empty())
      report->warnings.push_back(Quote(*name) + " does not record its Inception model and image size");
  }
  const bool images = !real.saved && !generated.saved;
  const std::string first = images ? Codec(real.chosen.front()) : "";
  const std::string second = images ? Codec(generated.chosen.front()) : "";
  if (first != second)
    report->warnings.push_back("real images are " + first + " and generated ones " + second +
                               ": the codec alone changes the distance");
  for (const std::string& warning : report->warnings) spdlog::warn("fid: {}", warning);
}

// Saved statistics, checked to be comparable with this measurement.
FidStatistics OpenStatistics(const std::string& file, const FidReport& report) {
  FidStatistics statistics = ReadFidStatistics(ReadFile(file), file);
  const auto fail = [&](const std::string& field, const std::string& found, const std::string& expected) {
    Fail(ExitCode::kBadInput, {.file = file, .field = field, .found = found, .expected = expected});
  };
  if (statistics.moments.mean.size(0) != report.dimensions)
    fail("mu", std::to_string(statistics.moments.mean.size(0)) + " features",
         std::to_string(report.dimensions) + ", the width of the role inception");
  if (!statistics.inception_sha256.empty() && statistics.inception_sha256 != report.inception_sha256)
    fail("inception_sha256", statistics.inception_sha256, report.inception_sha256 + ", the inception of the model set");
  if (statistics.size > 0 && statistics.size != report.size)
    fail("size", "images of " + std::to_string(statistics.size) + " pixels", std::to_string(report.size));
  return statistics;
}

Pool OpenPool(const FidOptions& options, const ImageSet& set, const FidReport& report) {
  if (set.statistics_file.empty()) return {.chosen = ChooseAll(options, set)};
  return {.saved = OpenStatistics(set.statistics_file, report)};
}

void RequirePooled(const FidOptions& options) {
  if (!options.per_class || options.save_statistics.empty()) return;
  Fail(ExitCode::kUsage, {.field = "--save-statistics",
                          .found = "given with --per-class",
                          .expected = "one of the two: statistics are saved of all images together"});
}

}  // namespace

void FidOptions::Declare(OptionList& list) {
  DeclareModels(list, &models, "Folder of the model set, which must have the role inception.");
  list.Add("per-class", &per_class, "Compute the FID of each class, and average over classes, then over episodes.")
      .Source("paper, appendix B.8");
  list.Add("size", &size, "Size to which all images are resized first; 0: that of the data set, 84 for folders.")
      .Range(0, 2048)
      .Unit("pixels")
      .Source("docs/method.md, FID at 64 dimensions");
  list.Add("limit", &limit, "Maximum number of images per class, drawn with --seed; 0: all.")
      .Range(0, 1e9)
      .Source("paper, appendix B.8: 300");
  DeclareSeed(list, &seed, "Random seed of that draw.");
  DeclareDevice(list, &device).NotInKey();
  list.Add("save-statistics", &save_statistics,
           "File (.npz) for mean and covariance of the features of REAL; it can be given as REAL later.")
      .Is(TextKind::kFile)
      .NotInKey();
}

FidReport MeasureFid(const FidOptions& options, const ImageSet& real, const ImageSet& generated) {
  const bool by_class = real.has_classes() && generated.has_classes();
  const bool images = real.statistics_file.empty() && generated.statistics_file.empty();
  const bool both_flat = images && !real.has_classes() && !generated.has_classes();
  RequirePooled(options);
  if (options.per_class && !by_class && !both_flat)
    Fail(ExitCode::kUsage, {.field = "--per-class",
                            .found = "given, but one side has no classes",
                            .expected = "class folders on both sides"});
  const ModelSet models = ModelSet::Open(options.models);
  const int64_t of_dataset = std::max(real.image_size, generated.image_size);
  FidReport report{.size = options.size > 0 ? options.size
                           : of_dataset > 0 ? of_dataset
                                            : kDefaultSize,
                   .real_name = real.name,
                   .generated_name = generated.name,
                   .inception_sha256 = models.Require("inception").sha256};
  report.dimensions = models.ReadFeatureWidth("inception");
  std::vector<Pair> pairs;
  Pool all_real, all_generated;
  if (by_class || both_flat) {
    pairs = PairClasses(options, real, generated);
    all_real.chosen = DistinctRealClasses(pairs);
    for (const Pair& pair : pairs) all_generated.chosen.push_back(pair.generated);
  } else {
    all_real = OpenPool(options, real, report);
    all_generated = OpenPool(options, generated, report);
  }
  const Features features(models, options, report.size);
  if (options.per_class) {
    MeasurePerClass(features, pairs, &report);
  } else {
    MeasurePooled(options, features, all_real, all_generated, &report);
  }
  AddWarnings(&report, all_real, all_generated);
  return report;
}

Json FidReport::ToJson() const {
  Json json = {{"fid", fid},
               {"preprocessing", kFidPreprocessing},
               {"dimensions", dimensions},
               {"size", size},
               {"real", real_name},
               {"generated", generated_name},
               {"real_images", real},
               {"generated_images", generated},
               {"inception_sha256", inception_sha256},
               {"warnings", warnings},
               {"per_class", Json::array()}};
  for (const FidValue& value : classes)
    json["per_class"].push_back({{"group", value.group},
                                 {"class", value.class_name},
                                 {"fid", value.fid},
                                 {"real_images", value.real},
                                 {"generated_images", value.generated}});
  return json;
}

std::string FidReport::ToTable() const {
  std::string table;
  for (const FidValue& value : classes) {
    const std::string line =
        fmt::format("{:10.6g}  {:6} real  {:6} generated  ", value.fid, value.real, value.generated);
    table += line + Quote(value.group.empty() ? value.class_name : value.group + ", " + value.class_name) + "\n";
  }
  table +=
      fmt::format("FID {:.6g}{}, {} features, preprocessing {}, images of {} pixels\n", fid,
                  classes.empty() ? "" : " (mean over classes, then episodes)", dimensions, kFidPreprocessing, size);
  return table + std::to_string(real) + " real images of " + Quote(real_name) + ", " + std::to_string(generated) +
         " generated of " + Quote(generated_name) + ", inception " + inception_sha256.substr(0, 12) + "\n";
}

}  // namespace tint

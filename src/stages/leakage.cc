#include "tint/stages/leakage.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <bit>
#include <mutex>
#include <set>
#include <unordered_map>

#include "shared_result.h"
#include "student_init.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/near_duplicates.h"
#include "tint/fewshot/distill.h"
#include "tint/fewshot/teacher.h"
#include "tint/models/model_set.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr char kPixelsFile[] = "pixels.txt";  // a SHA-256 a line, in the order of the source

void ForEachImage(const ImageHashes& images, const std::string& unit,
                  const std::function<void(size_t, const Image&)>& visit) {
  Progress progress("evaluate", unit, static_cast<int64_t>(images.files.size()));
  std::mutex mutex;
  at::parallel_for(0, static_cast<int64_t>(images.files.size()), 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      ThrowIfStopRequested();
      const NamedFile& file = images.files[static_cast<size_t>(i)];
      visit(static_cast<size_t>(i), images.source->Decode(file.class_name, file.file));
      const std::lock_guard<std::mutex> lock(mutex);
      progress.Advance();
    }
  });
}

ImageHashes HashPixels(const ImageSource& source, const std::string& unit) {
  ImageHashes hashes{&source, AllFiles(source), {}, {}};
  hashes.pixels.resize(hashes.files.size());
  ForEachImage(hashes, unit, [&](size_t i, const Image& image) { hashes.pixels[i] = image.pixel_sha256; });
  return hashes;
}

std::vector<std::string> ReadPixels(const CompletedStage& done, size_t count) {
  std::vector<std::string> pixels = Split(done.Read(kPixelsFile), '\n');
  TINT_CHECK_EQ(pixels.size(), count + 1) << "lines, and what follows the last one's end";
  pixels.pop_back();
  return pixels;
}

// Decoding a whole base takes seconds to minutes, an episode may take less: the hashes are kept for the run. A worker
// that finds another at it computes them for itself.
ImageHashes HashBase(const StageContext& context) {
  const ImageSource& base = *context.base_source();
  const std::string unit = "base images compared";
  StageKey key;
  key.stage = "pixels";
  key.inputs["base images"] = base.ContentSha256();
  const auto done = OpenOrMakeShared(context.run(), key, c10::Device(c10::kCPU), [&](StageWriter& writer) -> Json {
    const ImageHashes hashes = HashPixels(base, unit);
    writer.Put(kPixelsFile, Join(hashes.pixels, "\n") + "\n");
    return {{"images", hashes.files.size()}};
  });
  if (!done) return HashPixels(base, unit);
  ImageHashes hashes{&base, AllFiles(base), {}, {}};
  hashes.pixels = ReadPixels(*done, hashes.files.size());
  return hashes;
}

}  // namespace

ImageHashes HashImages(const ImageSource& source, const std::vector<NamedFile>& files) {
  ImageHashes hashes{&source, files, {}, {}};
  hashes.pixels.resize(files.size());
  hashes.difference.resize(files.size());
  ForEachImage(hashes, "images compared", [&](size_t i, const Image& image) {
    hashes.pixels[i] = image.pixel_sha256;
    hashes.difference[i] = DifferenceHash(image.pixels);
  });
  return hashes;
}

void RefuseEqualPixels(const ImageHashes& learned, const std::string& role, const ImageHashes& scored) {
  std::unordered_map<std::string, size_t> places;
  for (size_t i = 0; i < scored.files.size(); ++i) places.emplace(scored.pixels[i], i);
  const auto describe = [](const ImageHashes& hashes, size_t i) {
    return hashes.source->Describe(hashes.files[i].class_name, hashes.files[i].file);
  };
  for (size_t i = 0; i < learned.files.size(); ++i) {
    const auto same = places.find(learned.pixels[i]);
    if (same == places.end()) continue;
    Fail(ExitCode::kBadInput, {.file = describe(learned, i),
                               .found = "this " + role + " shows the same image, pixel for pixel, as " +
                                        Quote(describe(scored, same->second)),
                               .expected = "images that differ: what was learned from is not scored",
                               .remedy = "Remove one of the two."});
  }
}

NearQueries FindNearQueries(const ImageHashes& support, const ImageHashes& queries, const at::Tensor& cosines,
                            double near_duplicate_cosine) {
  const auto count = static_cast<int64_t>(queries.files.size());
  const float* cosine_of = cosines.defined() ? cosines.const_data_ptr<float>() : nullptr;
  NearQueries found;
  found.near.resize(queries.files.size(), false);
  for (size_t s = 0; s < support.files.size(); ++s) {
    for (int64_t q = 0; q < count; ++q) {
      const auto query = static_cast<size_t>(q);
      const auto row = static_cast<int64_t>(s);
      const int distance = std::popcount(support.difference[s] ^ queries.difference[query]);
      const double cosine = cosine_of != nullptr ? cosine_of[row * count + q] : 0;
      if (distance > kNearBits && (cosine_of == nullptr || cosine <= near_duplicate_cosine)) continue;
      ++found.pair_count;
      found.near[query] = true;
      if (found.pairs.size() < kMostNearPairs) found.pairs.push_back({row, q, distance, cosine});
    }
  }
  return found;
}

void CheckBatchIndependence(const at::Tensor& images, const at::Tensor& logits, const std::vector<NamedFile>& files,
                            const std::function<at::Tensor(const at::Tensor&)>& predict) {
  constexpr int64_t kSample = 8;
  const int64_t count = images.size(0), sampled = std::min(kSample, count);
  // Each stays in its row of the batch: libraries may round differently by row, and that is no leakage.
  std::map<int64_t, int64_t> query_of_row;
  for (int64_t k = 0; k < sampled; ++k) query_of_row.emplace(k * count / sampled % kStudentBatch, k * count / sampled);
  const auto check = [&](const std::map<int64_t, int64_t>& rows) {
    std::vector<int64_t> shape = images.sizes().vec();
    shape[0] = kStudentBatch;
    const at::Tensor batch = at::zeros(shape, images.options());
    for (const auto& [row, query] : rows) batch[row].copy_(images[query]);
    const at::Tensor again = predict(batch);
    for (const auto& [row, query] : rows) {
      if (at::equal(again[row], logits[query])) continue;
      const NamedFile& file = files.at(static_cast<size_t>(query));
      Fail(ExitCode::kInternal, {.file = file.class_name + "/" + file.file,
                                 .field = "evaluate",
                                 .found = "a prediction that depends on the other images of its batch",
                                 .expected = "the same bits alone and among others"});
    }
  };
  check({*query_of_row.begin()});
  check(query_of_row);
}

namespace {

// float32 [supports, queries], of the teacher's features of them.
at::Tensor TeacherCosines(const StageContext& context, const std::vector<NamedFile>& queries) {
  const Task& task = context.task();
  const Teacher teacher = context.models().LoadTeacher(context.device(), context.dtype());
  const int64_t size = context.image_size();
  const at::Tensor supports = LoadSquares(*task.support_source, SupportFiles(task).files, size);
  const at::Tensor images = at::cat({supports, LoadSquares(*task.query_source, queries, size)});
  Progress progress("evaluate", "teacher features", images.size(0));
  const at::Tensor features = TeacherFeatures(teacher, images, context.device(), [&](int64_t done) {
    progress.AdvanceTo(done);
    ThrowIfStopRequested();
  });
  CheckFinite(features, "the teacher's features");
  const at::Tensor unit = features / features.norm(2, 1, true).clamp_min(1e-12);
  return unit.slice(0, 0, supports.size(0)).mm(unit.slice(0, supports.size(0)).t());
}

}  // namespace

bool AsksTeacher(const StageContext& context) {
  return context.options().evaluate.near_duplicate_cosine < 1 && context.models().Has("teacher");
}

NearQueries CheckLeakage(const StageContext& context, const std::vector<NamedFile>& queries) {
  const Task& task = context.task();
  const ImageHashes support = HashImages(*task.support_source, SupportFiles(task).files);
  const ImageHashes scored = HashImages(*task.query_source, queries);
  RefuseEqualPixels(support, "support", scored);
  if (context.synthetic_source())
    RefuseEqualPixels(HashPixels(*context.synthetic_source(), "synthetic images compared"), "synthetic image", scored);
  if (context.base_source()) {
    const ImageHashes base = HashBase(context);
    RefuseEqualPixels(base, "base image", scored);
    RefuseEqualPixels(base, "base image", support);
  }
  const at::Tensor cosines = AsksTeacher(context) ? TeacherCosines(context, queries) : at::Tensor();
  NearQueries near = FindNearQueries(support, scored, cosines, context.options().evaluate.near_duplicate_cosine);
  const auto count = std::count(near.near.begin(), near.near.end(), true);
  if (count > 0)
    spdlog::warn("evaluate: {} of {} queries show nearly what a support shows (result.json lists them)", count,
                 queries.size());
  return near;
}

Json Disclosure(const StageContext& context) {
  std::set<std::string> roles;
  for (const std::string& stage : PipelineStages(context)) {
    for (const std::string& role : MakeStage(stage)->roles(context)) roles.insert(role);
  }
  Json table = Json::object();
  switch (ResolveStudentInit(context)) {
    case StudentInit::kModelSet:
      roles.insert(StudentRole(context));
      break;
    case StudentInit::kFile:
      table["student start"] = {{"source", "a file outside the model set, SHA-256 " + StartSha256(context)},
                                {"licence", nullptr},
                                {"training_data", nullptr}};
      break;
    case StudentInit::kRandom:
      table["student start"] = {{"source", "random weights"}, {"licence", nullptr}, {"training_data", "nothing"}};
  }
  for (const std::string& role : roles) {
    if (!context.models().Has(role)) continue;
    const ModelRecord& record = context.models().Require(role);
    table[role] = {{"source", record.source},
                   {"licence", record.licence},
                   {"training_data", record.training_data.empty() ? Json() : Json(record.training_data)}};
  }
  return table;
}

}  // namespace tint

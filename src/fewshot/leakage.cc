// SPDX-License-Identifier: Apache-2.0
#include "tint/fewshot/leakage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <bit>
#include <map>
#include <mutex>
#include <unordered_map>

#include "tint/base/error.h"
#include "tint/base/parallel.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/near_duplicates.h"
#include "tint/fewshot/distill.h"

namespace tint {
namespace {

void ForEachImage(const ImageHashes& images, const std::string& unit,
                  const std::function<void(size_t, const DecodedImage&)>& visit) {
  Progress progress("evaluate", unit, static_cast<int64_t>(images.files.size()));
  std::mutex mutex;
  ParallelFor(static_cast<int64_t>(images.files.size()), /*workers=*/0, [&](int64_t i) {
    ThrowIfStopRequested();
    const NamedFile& file = images.files[static_cast<size_t>(i)];
    visit(static_cast<size_t>(i), images.source->Decode(file.class_name, file.file));
    const std::lock_guard<std::mutex> lock(mutex);
    progress.Advance();
  });
}

}  // namespace

ImageHashes HashPixels(const ImageSource& source, const std::string& unit) {
  ImageHashes hashes{&source, AllFiles(source), {}, {}};
  hashes.pixels.resize(hashes.files.size());
  ForEachImage(hashes, unit, [&](size_t i, const DecodedImage& image) { hashes.pixels[i] = image.pixel_sha256; });
  return hashes;
}

ImageHashes HashImages(const ImageSource& source, const std::vector<NamedFile>& files) {
  ImageHashes hashes{&source, files, {}, {}};
  hashes.pixels.resize(files.size());
  hashes.difference.resize(files.size());
  ForEachImage(hashes, "images compared", [&](size_t i, const DecodedImage& image) {
    hashes.pixels[i] = image.pixel_sha256;
    hashes.difference[i] = DifferenceHash(image.pixels);
  });
  return hashes;
}

void CheckNoEqualPixels(const ImageHashes& learned, const std::string& role, const ImageHashes& scored) {
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
      if (found.pairs.size() < kMaxNearPairs) found.pairs.push_back({row, q, distance, cosine});
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

at::Tensor SupportQueryCosines(const at::Tensor& features, int64_t supports) {
  const at::Tensor unit = features / features.norm(2, 1, true).clamp_min(1e-12);
  return unit.slice(0, 0, supports).mm(unit.slice(0, supports).t());
}

}  // namespace tint

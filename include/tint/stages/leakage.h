// What must hold before an accuracy can be believed: nothing that was learned from is scored, and no prediction knows
// of other queries. Run by evaluate, since no earlier stage may open a query.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/data/dataset.h"
#include "tint/data/loader.h"
#include "tint/stages/stage.h"

namespace tint {

// What images are compared by, in the order of the files; as decoded and cut by their data set.
struct ImageHashes {
  const ImageSource* source = nullptr;
  std::vector<NamedFile> files;
  std::vector<std::string> pixels;   // SHA-256
  std::vector<uint64_t> difference;  // tint/data/near_duplicates.h
};
// Decodes each, with all cores.
ImageHashes HashImages(const ImageSource& source, const std::vector<NamedFile>& files);

// An image of `learned` with the same pixels as one of `scored`: Error(kBadInput) naming both. `role` says what
// `learned` are: "support".
void RefuseEqualPixels(const ImageHashes& learned, const std::string& role, const ImageHashes& scored);

// Queries that show nearly what a support shows: they are scored all the same, and told.
struct NearQueries {
  struct Pair {
    int64_t support, query;
    int distance;
    double cosine;  // of the teacher's features; 0 where they were not asked for
  };
  std::vector<Pair> pairs;  // at most kMostNearPairs, by rising support, then query
  int64_t pair_count = 0;
  std::vector<bool> near;  // by query
};
inline constexpr size_t kMostNearPairs = 1000;
// At most kNearBits of the hashes' bits differ, or the cosine is above `near_duplicate_cosine`. `cosines`: float32
// [supports, queries], or undefined.
NearQueries FindNearQueries(const ImageHashes& support, const ImageHashes& queries, const at::Tensor& cosines,
                            double near_duplicate_cosine);

// A sample of the queries is predicted again: one alone, and up to eight without the others of their batch (zeros
// stand in their places). Other bits: Error(kInternal) naming the query. `predict`: uint8 [M, 3, S, S] -> [M, N] in
// batches of kStudentBatch, as it gave `logits` of all `images`.
void CheckBatchIndependence(const at::Tensor& images, const at::Tensor& logits, const std::vector<NamedFile>& files,
                            const std::function<at::Tensor(const at::Tensor&)>& predict);

// --evaluate.near-duplicate-cosine is below 1 and the model set has a teacher.
bool AsksTeacher(const StageContext& context);

// Supports, base images and images of --synthetic-folder share no pixels with the queries, and base images none
// with the supports: else Error(kBadInput). The base's hashes are kept in RUN/shared/pixels/<key>/ for all episodes.
// Near-duplicates are looked for with the teacher's features too if AsksTeacher.
NearQueries CheckLeakage(const StageContext& context, const std::vector<NamedFile>& queries);

// What each model of the row was made of: {"teacher": {"source", "licence", "training_data"}, ...}; "student start"
// tells of a start that no role of the model set has. A `seen` that models.json does not tell is null.
Json Disclosure(const StageContext& context);

}  // namespace tint

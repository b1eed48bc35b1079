// SPDX-License-Identifier: Apache-2.0
// What must hold before an accuracy can be believed: no image that was learned from is scored, and no prediction
// depends on other queries. docs/method.md, Leakage checks.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tint/data/dataset.h"
#include "tint/data/loader.h"

namespace tint {

// What images are compared by, in the order of the files; as decoded and cut by their data set.
struct ImageHashes {
  const ImageSource* source = nullptr;
  std::vector<NamedFile> files;
  std::vector<std::string> pixels;   // SHA-256
  std::vector<uint64_t> difference;  // tint/data/near_duplicates.h; empty where only pixels were hashed
};
// Decode each, with all cores. HashPixels: all of the source, shown as `unit` in the progress. Stop at a signal.
ImageHashes HashImages(const ImageSource& source, const std::vector<NamedFile>& files);
ImageHashes HashPixels(const ImageSource& source, const std::string& unit);

// An image of `learned` with the same pixels as one of `scored`: Error(kBadInput) naming both. `role` says what
// `learned` are: "support".
void CheckNoEqualPixels(const ImageHashes& learned, const std::string& role, const ImageHashes& scored);

// Queries that show nearly what a support shows: they are scored all the same, and reported.
struct NearQueries {
  struct Pair {
    int64_t support, query;
    int distance;
    double cosine;  // of the teacher's features; 0 where they were not asked for
  };
  std::vector<Pair> pairs;  // at most kMaxNearPairs, by rising support, then query
  int64_t pair_count = 0;
  std::vector<bool> near;  // by query
};
inline constexpr size_t kMaxNearPairs = 1000;
// At most kNearBits of the hashes' bits differ, or the cosine is above `near_duplicate_cosine`. `cosines`: float32
// [supports, queries], or undefined.
NearQueries FindNearQueries(const ImageHashes& support, const ImageHashes& queries, const at::Tensor& cosines,
                            double near_duplicate_cosine);

// features [M, D] of `supports` supports, then of queries -> their cosines [supports, M - supports].
at::Tensor SupportQueryCosines(const at::Tensor& features, int64_t supports);

// A sample of the queries is predicted again: one alone, and up to eight without the others of their batch (zeros
// take their places). Other bits: Error(kInternal) naming the query. `predict`: uint8 [M, 3, S, S] -> [M, N] in
// batches of kStudentBatch, as it gave `logits` of all `images`.
void CheckBatchIndependence(const at::Tensor& images, const at::Tensor& logits, const std::vector<NamedFile>& files,
                            const std::function<at::Tensor(const at::Tensor&)>& predict);

}  // namespace tint

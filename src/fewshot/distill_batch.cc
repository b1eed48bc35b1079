// SPDX-License-Identifier: Apache-2.0
#include "distill_batch.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>

#include "in_threads.h"

namespace tint::internal {
namespace {

constexpr int64_t kImagesPerThread = 16;  // fewer are not worth a thread

// Size of one of `parts` parts of `total`, which differ by at most one; the larger ones are first.
int64_t PartSize(int64_t total, size_t parts, size_t part) {
  const auto count = static_cast<int64_t>(parts);
  return total / count + (static_cast<int64_t>(part) < total % count ? 1 : 0);
}

}  // namespace

ShuffledPasses::ShuffledPasses(const DistillSource& source, int64_t count, const DistillStreams& streams)
    : size_(source.images.size(0)),
      count_(count),
      streams_(streams),
      order_stage_("distill/" + source.name + "/order"),
      augment_stage_("distill/" + source.name + "/augment") {}

at::Tensor ShuffledPasses::Rows(int64_t step) {
  std::vector<int64_t> rows;
  for (int64_t position = step * count_; position < (step + 1) * count_; ++position) {
    rows.push_back(Order(position / size_)[static_cast<size_t>(position % size_)]);
  }
  return at::tensor(rows, at::kLong);
}

std::vector<RandomStream> ShuffledPasses::AugmentStreams(int64_t step) const {
  std::vector<RandomStream> streams;
  for (int64_t position = step * count_; position < (step + 1) * count_; ++position) {
    streams.emplace_back(
        StreamKey{streams_.seed, augment_stage_, streams_.episode_idx, 0, static_cast<uint64_t>(position)});
  }
  return streams;
}

const std::vector<int64_t>& ShuffledPasses::Order(int64_t pass) {
  if (pass != pass_) {
    RandomStream stream({streams_.seed, order_stage_, streams_.episode_idx, 0, static_cast<uint64_t>(pass)});
    order_ = stream.Permutation(size_);
    pass_ = pass;
  }
  return order_;
}

BatchMaker::BatchMaker(const std::vector<DistillSource>& sources, const DistillOptions& options,
                       const DistillStreams& streams)
    : sources_(sources), options_(options) {
  for (size_t i = 0; i < sources.size(); ++i) {
    passes_.emplace_back(sources[i], PartSize(options.batch_size, sources.size(), i), streams);
  }
}

DistillBatch BatchMaker::Make(int64_t step) {
  DistillBatch batch;
  std::vector<at::Tensor> images;
  std::vector<RandomStream> streams;
  for (size_t i = 0; i < sources_.size(); ++i) {
    batch.rows.push_back(passes_[i].Rows(step));
    images.push_back(sources_[i].images.index_select(0, batch.rows[i]));
    for (const RandomStream& stream : passes_[i].AugmentStreams(step)) streams.push_back(stream);
  }
  batch.images = AugmentInThreads(at::cat(images), options_.augmentation.Augmentation(sources_[0].images.size(3)),
                                  streams, at::get_num_threads());
  return batch;
}

at::Tensor AugmentInThreads(const at::Tensor& images, const AugmentOptions& options,
                            const std::vector<RandomStream>& streams, int threads) {
  return MapInThreads(
      images, streams, threads, kImagesPerThread, 0,
      [&](const at::Tensor& part, std::vector<RandomStream>& own) { return Augment(part, options, own); });
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/tint_sampler.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tint/base/error.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"
#include "tint/inversion/blend.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

constexpr double kMaxRedrawnShare = 0.01;

struct Start {
  int64_t support_idx;
  double alpha;
  at::Tensor latents;  // [1, C, h, w]
};

struct Batch {
  at::Tensor images;     // uint8 [B, 3, S, S], CPU
  at::Tensor originals;  // uint8 [B, 3, 8h, 8w], CPU; undefined unless they are kept
  at::Tensor good;       // bool [B], CPU: finite, and more than one colour
};

Start DrawStart(const InvertedPaths& paths, const SampleDraws& draws, const SampleOptions& options, int64_t image_idx,
                int64_t attempt) {
  const std::string stage = attempt == 0 ? "generate" : "generate/attempt-" + std::to_string(attempt);
  RandomStream stream({draws.seed, stage, draws.episode_idx, draws.class_idx, static_cast<uint64_t>(image_idx)});
  const int64_t any = stream.Integer(0, paths.latents.size(0) - 1);
  const int64_t support_idx = options.support >= 0 ? options.support : any;
  const at::Tensor inverted = paths.latents.narrow(0, support_idx, 1);
  const at::Tensor noise = stream.Normal(inverted.sizes()).to(inverted.device());
  const double alpha = options.random_alpha ? stream.Uniform() : options.alpha;
  return {support_idx, alpha, BlendLatents(inverted, noise, alpha)};
}

class BatchSampler {
 public:
  BatchSampler(const Denoiser& denoiser, const Autoencoder& autoencoder, const InvertedPaths& paths,
               const SampleOptions& options, const AfterStep& after_step)
      : denoiser_(denoiser), autoencoder_(autoencoder), paths_(paths), options_(options), after_step_(after_step) {}

  Batch Sample(const std::vector<Start>& starts) const {
    const at::Tensor decoded = autoencoder_.Decode(DenoiseAll(starts));
    const at::Tensor finite = decoded.isfinite().flatten(1).all(1).cpu();
    const at::Tensor whole = decoded.nan_to_num(0, 0, 0);
    const at::Tensor small = ResizeBilinearAntialias(whole, options_.image_size, options_.image_size);
    Batch batch{.images = ToBytes(small.cpu()), .originals = {}, .good = {}};
    if (options_.keep_originals) batch.originals = ToBytes(whole.cpu());
    // A single colour, whichever: each channel has one value.
    const at::Tensor flat = batch.images.flatten(2);
    batch.good = finite.logical_and(flat.amax(2).ne(flat.amin(2)).any(1));
    return batch;
  }

 private:
  at::Tensor DenoiseAll(const std::vector<Start>& starts) const {
    std::vector<at::Tensor> latents;
    std::vector<int64_t> supports;
    for (const Start& start : starts) {
      latents.push_back(start.latents);
      supports.push_back(start.support_idx);
    }
    const at::Tensor rows = at::tensor(supports, at::kLong).to(paths_.latents.device());
    const at::Tensor conditional = paths_.conditional.expand({static_cast<int64_t>(starts.size()), -1, -1});
    const auto conditioning = [&](int64_t step_idx, const at::Tensor&) {
      return Conditioning{paths_.unconditional.select(1, step_idx).index_select(0, rows), conditional};
    };
    return Denoise(denoiser_, NoiseSchedule(), at::cat(latents),
                   {.guidance = options_.guidance,
                    .timesteps = paths_.timesteps,
                    .first_step_idx = 0,
                    .sampler = options_.sampler},
                   conditioning, after_step_);
  }

  const Denoiser& denoiser_;
  const Autoencoder& autoencoder_;
  const InvertedPaths& paths_;
  const SampleOptions& options_;
  const AfterStep& after_step_;
};

SampledImage ImageOf(const Batch& batch, int64_t row, const Start& start, int64_t attempt) {
  return {.image = batch.images[row],
          .original = batch.originals.defined() ? batch.originals[row] : at::Tensor(),
          .support_idx = start.support_idx,
          .alpha = start.alpha,
          .attempt = attempt};
}

}  // namespace

RedrawBudget::RedrawBudget(int64_t images, std::string advice)
    : maximum_(std::max<int64_t>(1, std::llround(kMaxRedrawnShare * static_cast<double>(images)))),
      advice_(std::move(advice)) {}

void RedrawBudget::Add(int64_t images) {
  count_ += images;
  if (count_ <= maximum_) return;
  Fail(ExitCode::kInternal,
       "generate: " + std::to_string(count_) +
           " images came out in one single colour or with values that are not finite; at most 1 % may" + advice_ +
           ". Check the models with `tint models check`.");
}

std::vector<SampledImage> SampleImages(const Denoiser& denoiser, const Autoencoder& autoencoder,
                                       const InvertedPaths& paths, const SampleDraws& draws,
                                       const SampleOptions& options, RedrawBudget* redraws,
                                       const AfterStep& after_step) {
  TINT_CHECK_LE(draws.count, options.batch_size);
  const BatchSampler sampler(denoiser, autoencoder, paths, options, after_step);
  std::vector<Start> starts;
  for (int64_t i = 0; i < options.batch_size; ++i)
    starts.push_back(DrawStart(paths, draws, options, draws.first + i, 0));
  const Batch batch = sampler.Sample(starts);
  std::vector<SampledImage> images;
  for (int64_t i = 0; i < draws.count; ++i) {
    images.push_back(ImageOf(batch, i, starts[static_cast<size_t>(i)], 0));
    bool good = batch.good[i].item<bool>();
    if (!good) redraws->Add(1);
    for (int64_t attempt = 1; !good; ++attempt) {
      if (attempt > kMaxRedraws)
        Fail(ExitCode::kInternal,
             "generate: image " + std::to_string(draws.first + i) + " of class " + std::to_string(draws.class_idx) +
                 " has one single colour or values that are not finite after " + std::to_string(kMaxRedraws) +
                 " fresh draws" + redraws->advice() + ". Check the models with `tint models check`.");
      const Start start = DrawStart(paths, draws, options, draws.first + i, attempt);
      const Batch again = sampler.Sample(std::vector<Start>(static_cast<size_t>(options.batch_size), start));
      images.back() = ImageOf(again, 0, start, attempt);
      good = again.good[0].item<bool>();
    }
  }
  return images;
}

void MeasureSample(const Denoiser& denoiser, const Autoencoder& autoencoder, const InvertedPaths& paths,
                   double guidance) {
  const at::Tensor latents = paths.latents.narrow(0, 0, 1);
  const Conditioning conditioning{paths.unconditional[0].narrow(0, 0, 1), paths.conditional};
  GuidedNoise(denoiser, latents, paths.timesteps[0], conditioning, guidance);
  autoencoder.Decode(latents);
}

}  // namespace tint

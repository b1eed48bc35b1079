// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/shared_features.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "shared_result.h"
#include "tint/artifacts/shared_base.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

// Nothing is drawn, and the features belong to no episode: their key has neither.
StageKey KeyOfFeatures(const RunSettings& settings, const FeatureExtractor& extractor, const ImageSource& base,
                       const std::vector<NamedFile>& files) {
  StageKey key = NewKey(settings, {}, "features", 1, extractor.options);
  key.seed = 0;
  key.models[extractor.backbone] = extractor.model_sha256;
  key.inputs["base images"] = base.ContentSha256();
  Sha256 names;
  for (const NamedFile& file : files) names.Update(file.class_name + "/" + file.file + "\n");
  key.inputs["files"] = names.Hex();
  return key;
}

Json ComputeFeatures(const FeatureExtractor& extractor, const at::Tensor& images, StageWriter& writer) {
  Progress progress("distill", extractor.backbone + " features of the base images", images.size(0));
  for (int64_t first = 0; first < images.size(0); first += kFeaturesPerFile) {
    const int64_t rows = std::min(kFeaturesPerFile, images.size(0) - first);
    if (!HasBaseFeatures(writer, first)) {
      const at::Tensor features = extractor.compute(images.narrow(0, first, rows));
      CheckFinite(features, extractor.backbone + " features");
      WriteBaseFeatures(features, first, writer);
    }
    progress.Advance(rows);
    ThrowIfStopRequested();
  }
  return {{"images", images.size(0)}};
}

}  // namespace

at::Tensor SharedFeatures(const RunFolder& run, const RunSettings& settings, const FeatureExtractor& extractor,
                          const ImageSource& base, const std::vector<NamedFile>& files, const at::Tensor& images) {
  TINT_CHECK_EQ(static_cast<int64_t>(files.size()), images.size(0));
  const StageKey key = KeyOfFeatures(settings, extractor, base, files);
  const auto make = [&](StageWriter& writer) { return ComputeFeatures(extractor, images, writer); };
  bool reported = false;
  for (;;) {
    if (const auto done = OpenOrMakeShared(run, key, settings.device, make)) {
      done->Verify();
      return ReadBaseFeatures(*done, images.size(0));
    }
    if (!reported) spdlog::info("distill: another worker computes the features of the base images; waiting");
    reported = true;
    ThrowIfStopRequested();
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace tint

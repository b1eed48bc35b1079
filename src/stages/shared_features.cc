#include "tint/stages/shared_features.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "shared_result.h"
#include "tint/base/error.h"
#include "tint/base/log.h"
#include "tint/base/progress.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr int64_t kVersion = 1, kPart = 2048;

std::string PartName(int64_t first) { return "features-" + std::to_string(first / kPart) + ".safetensors"; }

StageKey KeyOf(const StageContext& context, const FeatureSource& source, const std::vector<NamedFile>& files) {
  StageKey key = context.NewKey("features", kVersion, source.options);
  key.seed = 0;  // nothing is drawn, and no episode is meant
  key.episode_idx = 0;
  key.models[source.backbone] = source.model_sha256;
  key.inputs["base images"] = context.base_source()->ContentSha256();
  Sha256 names;
  for (const NamedFile& file : files) names.Update(file.class_name + "/" + file.file + "\n");
  key.inputs["files"] = names.Hex();
  return key;
}

at::Tensor ReadAll(const CompletedStage& done, int64_t rows) {
  done.Verify();
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < rows; first += kPart)
    parts.push_back(ParseSafetensors(done.Read(PartName(first)), PartName(first)).at("features"));
  return at::cat(parts);
}

Json Compute(const FeatureSource& source, const at::Tensor& images, StageWriter& writer) {
  Progress progress("distill", source.backbone + " features of the base images", images.size(0));
  for (int64_t first = 0; first < images.size(0); first += kPart) {
    const int64_t rows = std::min(kPart, images.size(0) - first);
    if (!writer.Has(PartName(first))) {
      const at::Tensor features = source.compute(images.narrow(0, first, rows));
      CheckFinite(features, source.backbone + " features");
      writer.Put(PartName(first), SerializeSafetensors({{"features", features}}));
    }
    progress.Advance(rows);
    ThrowIfStopRequested();
  }
  return {{"images", images.size(0)}};
}

}  // namespace

at::Tensor SharedFeatures(const StageContext& context, const FeatureSource& source, const std::vector<NamedFile>& files,
                          const at::Tensor& images) {
  TINT_CHECK_EQ(static_cast<int64_t>(files.size()), images.size(0));
  const StageKey key = KeyOf(context, source, files);
  const auto make = [&](StageWriter& writer) { return Compute(source, images, writer); };
  bool told = false;
  for (;;) {
    if (const auto done = OpenOrMakeShared(context.run(), key, context.device(), make))
      return ReadAll(*done, images.size(0));
    if (!told) spdlog::info("distill: another worker computes the features of the base images; waiting");
    told = true;
    ThrowIfStopRequested();
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace tint

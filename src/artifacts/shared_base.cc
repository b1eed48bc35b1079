// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/shared_base.h"

#include <ATen/ops/cat.h>

#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr char kFeatures[] = "features", kPixelsFile[] = "pixels.txt";

std::string FeaturesFile(int64_t first) {
  return "features-" + std::to_string(first / kFeaturesPerFile) + ".safetensors";
}

}  // namespace

bool HasBaseFeatures(const StageWriter& writer, int64_t first) { return writer.Has(FeaturesFile(first)); }

void WriteBaseFeatures(const at::Tensor& features, int64_t first, StageWriter& writer) {
  writer.Put(FeaturesFile(first), SerializeSafetensors({{kFeatures, features}}));
}

at::Tensor ReadBaseFeatures(const CompletedStage& features, int64_t images) {
  std::vector<at::Tensor> parts;
  for (int64_t first = 0; first < images; first += kFeaturesPerFile)
    parts.push_back(ParseSafetensors(features.Read(FeaturesFile(first)), FeaturesFile(first)).at(kFeatures));
  return at::cat(parts);
}

void WriteBasePixels(const std::vector<std::string>& sha256_of_pixels, StageWriter& writer) {
  writer.Put(kPixelsFile, Join(sha256_of_pixels, "\n") + "\n");
}

std::vector<std::string> ReadBasePixels(const CompletedStage& pixels, size_t images) {
  std::vector<std::string> lines = Split(pixels.Read(kPixelsFile), '\n');
  TINT_CHECK_EQ(lines.size(), images + 1) << "the last line ends in a newline";
  lines.pop_back();
  return lines;
}

}  // namespace tint

// Features of the base images, computed once for a run: all its episodes read them.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "tint/data/loader.h"
#include "tint/stages/stage.h"

namespace tint {

// What gives the features: `backbone` "teacher" or "student", the hash of its file and facts, and all else that changes
// them.
struct FeatureSource {
  std::string backbone, model_sha256;
  Json options = Json::object();
  // uint8 [M, 3, S, S] -> float32 [M, D]; a feature may not depend on what it is batched with.
  std::function<at::Tensor(const at::Tensor& images)> compute;
};

// Features float32 [M, D] of `images`, the images of `files` in the base source, from RUN/shared/features/<key>/, or
// computed and left there in parts of 2,048 that a stopped run goes on with. One worker computes; others wait for it.
at::Tensor SharedFeatures(const StageContext& context, const FeatureSource& source, const std::vector<NamedFile>& files,
                          const at::Tensor& images);

}  // namespace tint

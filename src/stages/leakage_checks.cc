// SPDX-License-Identifier: Apache-2.0
#include "leakage_checks.h"

#include <ATen/ATen.h>

#include "shared_result.h"
#include "tint/artifacts/shared_base.h"
#include "tint/base/json.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/fewshot/teacher.h"
#include "tint/stages/stage_images.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

// Decoding a whole base takes seconds to minutes, an episode may take less: the hashes are kept for the run. A worker
// computes them itself while another one writes them.
ImageHashes HashBase(const ImageSource& base, const RunFolder& run) {
  const std::string unit = "base images compared";
  StageKey key;
  key.stage = "pixels";
  key.inputs["base images"] = base.ContentSha256();
  const auto done = OpenOrMakeShared(run, key, c10::Device(c10::kCPU), [&](StageWriter& writer) -> Json {
    const ImageHashes hashes = HashPixels(base, unit);
    WriteBasePixels(hashes.pixels, writer);
    return {{"images", hashes.files.size()}};
  });
  if (!done) return HashPixels(base, unit);
  ImageHashes hashes{&base, AllFiles(base), {}, {}};
  hashes.pixels = ReadBasePixels(*done, hashes.files.size());
  return hashes;
}

}  // namespace

void CheckPixels(const ImageHashes& support, const ImageHashes& queries, const TrainingSources& sources,
                 const RunFolder& run) {
  CheckNoEqualPixels(support, "support", queries);
  if (sources.synthetic)
    CheckNoEqualPixels(HashPixels(*sources.synthetic, "synthetic images compared"), "synthetic image", queries);
  if (!sources.base) return;
  const ImageHashes base = HashBase(*sources.base, run);
  CheckNoEqualPixels(base, "base image", queries);
  CheckNoEqualPixels(base, "base image", support);
}

at::Tensor TeacherCosines(const RunEpisode& episode, const RunSettings& settings, const ModelSet& models,
                          const std::vector<NamedFile>& queries) {
  const Task& task = episode.task;
  const Teacher teacher = models.LoadTeacher(settings.device, settings.dtype);
  const at::Tensor supports = LoadSquares(*task.support_source, SupportFiles(task).files, settings.image_size);
  const at::Tensor images = at::cat({supports, LoadSquares(*task.query_source, queries, settings.image_size)});
  Progress progress("evaluate", "teacher features", images.size(0));
  const at::Tensor features = TeacherFeatures(teacher, images, settings.device, [&](int64_t done) {
    progress.AdvanceTo(done);
    ThrowIfStopRequested();
  });
  CheckFinite(features, "the teacher's features");
  return SupportQueryCosines(features, supports.size(0));
}

}  // namespace tint

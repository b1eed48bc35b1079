// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/imported_inversion.h"

#include "tint/artifacts/null_text_paths.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/stages/class_files.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{8} << 30;

void CheckTimesteps(const NullTextOptions& options, const std::vector<int64_t>& steps, const std::string& file) {
  if (steps == SamplerTimesteps(options.steps, options.spacing)) return;
  const std::string first = steps.empty() ? "none" : std::to_string(steps[0]);
  Fail(ExitCode::kBadConfiguration,
       {.file = file,
        .field = "timesteps",
        .found = std::to_string(steps.size()) + " timesteps, the first " + first,
        .expected = std::to_string(options.steps) + " of spacing " + ToString(options.spacing),
        .remedy =
            "Give --null-text-inversion.steps " + std::to_string(steps.size()) + " and the spacing it was made with."});
}

ImportedInversion ReadInversion(const NullTextOptions& options, const TaskClass& task_class,
                                const DenoiserConfig& facts, const std::string& file) {
  const std::string bytes = ReadFile(file, kMaxFileBytes);
  const NullTextPaths paths = ParseNullTextPaths(bytes, file,
                                                 {.latent_channels = facts.latent_channels,
                                                  .context_length = facts.context_length,
                                                  .context_width = facts.context_width});
  ImportedInversion inversion{
      .latents = paths.latents, .unconditional = paths.unconditional, .file_sha256 = Sha256Hex(bytes)};
  CheckTimesteps(options, paths.timesteps, file);
  const auto photos = static_cast<int64_t>(task_class.support.size());
  if (inversion.latents.size(0) != photos || inversion.unconditional.size(0) != photos)
    Fail(ExitCode::kBadConfiguration,
         {.file = file,
          .found = std::to_string(inversion.latents.size(0)) + " photos",
          .expected = std::to_string(photos) + ", as class " + Quote(task_class.name) + " has"});
  if (inversion.unconditional.size(1) != options.steps)
    Fail(ExitCode::kBadInput, {.file = file,
                               .field = "unconditional",
                               .found = DescribeTensor(inversion.unconditional),
                               .expected = "an embedding for each of its timesteps"});
  CheckFinite(inversion.latents, file + ": latents");
  CheckFinite(inversion.unconditional, file + ": unconditional");
  return inversion;
}

}  // namespace

std::map<int64_t, ImportedInversion> ReadImportedInversions(const NullTextOptions& options, const Task& task,
                                                            const ModelSet& models) {
  const std::string field = "null-text-inversion.inverted";
  const auto files = FilesOfClasses(task, options.inverted, field);
  std::map<int64_t, ImportedInversion> inversions;
  for (const auto& [class_idx, file] : files)
    inversions[class_idx] =
        ReadInversion(options, task.classes[static_cast<size_t>(class_idx)], models.ReadDenoiserConfig(), file);
  if (!files.empty() && files.size() != task.classes.size())
    Fail(ExitCode::kBadConfiguration,
         {.field = field,
          .found = std::to_string(files.size()) + " classes",
          .expected = "a file for each of the " + std::to_string(task.classes.size()) + " classes, or none"});
  return inversions;
}

}  // namespace tint

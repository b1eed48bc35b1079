#include "tint/stages/imported_inversion.h"

#include <ATen/ops/tensor.h>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/stages/class_files.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{8} << 30;

void CheckTimesteps(const StageContext& context, const NamedTensors& tensors, const std::string& file) {
  const NullTextOptions& options = context.options().null_text;
  const at::Tensor steps = RequireTensor(tensors, "timesteps", {-1}, at::kLong, file);
  if (steps.equal(at::tensor(SamplerTimesteps(options.steps, options.spacing), at::kLong))) return;
  const std::string first = steps.numel() > 0 ? std::to_string(steps[0].item<int64_t>()) : "none";
  Fail(ExitCode::kBadConfiguration, {.file = file,
                                     .field = "timesteps",
                                     .found = std::to_string(steps.numel()) + " timesteps, the first " + first,
                                     .expected = std::to_string(options.steps) + " of spacing " + options.spacing,
                                     .remedy = "Give --null-text-inversion.steps " + std::to_string(steps.numel()) +
                                               " and the spacing it was made with."});
}

ImportedInversion ReadInversion(const StageContext& context, int64_t class_idx, const std::string& file) {
  const std::string bytes = ReadFile(file, kMaxFileBytes);
  const NamedTensors tensors = ParseSafetensors(bytes, file);
  const DenoiserConfig facts = context.models().ReadDenoiserConfig();
  ImportedInversion inversion{
      .latents = RequireTensor(tensors, "latents", {-1, facts.latent_channels, -1, -1}, at::kFloat, file),
      .unconditional = RequireTensor(tensors, "unconditional", {-1, -1, facts.context_length, facts.context_width},
                                     at::kFloat, file),
      .file_sha256 = Sha256Hex(bytes)};
  CheckTimesteps(context, tensors, file);
  const TaskClass& task_class = context.task().classes[static_cast<size_t>(class_idx)];
  const auto photos = static_cast<int64_t>(task_class.support.size());
  if (inversion.latents.size(0) != photos || inversion.unconditional.size(0) != photos)
    Fail(ExitCode::kBadConfiguration,
         {.file = file,
          .found = std::to_string(inversion.latents.size(0)) + " photos",
          .expected = std::to_string(photos) + ", as class " + Quote(task_class.name) + " has"});
  if (inversion.unconditional.size(1) != context.options().null_text.steps)
    Fail(ExitCode::kBadInput, {.file = file,
                               .field = "unconditional",
                               .found = DescribeTensor(inversion.unconditional),
                               .expected = "an embedding for each of its timesteps"});
  CheckFinite(inversion.latents, file + ": latents");
  CheckFinite(inversion.unconditional, file + ": unconditional");
  return inversion;
}

}  // namespace

std::map<int64_t, ImportedInversion> ReadImportedInversions(const StageContext& context) {
  const std::string field = "null-text-inversion.inverted";
  const auto files = FilesOfClasses(context, context.options().null_text.inverted, field);
  std::map<int64_t, ImportedInversion> inversions;
  for (const auto& [class_idx, file] : files) inversions[class_idx] = ReadInversion(context, class_idx, file);
  if (!files.empty() && static_cast<int64_t>(files.size()) != context.ways())
    Fail(ExitCode::kBadConfiguration,
         {.field = field,
          .found = std::to_string(files.size()) + " classes",
          .expected = "a file for each of the " + std::to_string(context.ways()) + " classes, or none"});
  return inversions;
}

}  // namespace tint

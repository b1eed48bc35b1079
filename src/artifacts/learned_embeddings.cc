// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/learned_embeddings.h"

#include <fmt/format.h>

#include <algorithm>

#include "tint/artifacts/layout.h"
#include "tint/inversion/embedding_file.h"
#include "tint/tensor/safetensors.h"

namespace tint {

void WriteLearnedEmbedding(const at::Tensor& vectors, const std::string& placeholder, const std::string& stem,
                           StageWriter& writer) {
  writer.Put(ClassTensorFile(stem), WriteEmbedding(vectors, placeholder, "diffusers"));
}

at::Tensor ReadLearnedEmbedding(const CompletedStage& textual_inversion, const std::string& placeholder,
                                const std::string& stem) {
  const std::string name = ClassTensorFile(stem), file = (textual_inversion.folder() / name).string();
  return RequireTensor(ParseSafetensors(textual_inversion.Read(name), file), placeholder, {-1, -1}, at::kFloat, file);
}

std::string PreviewFile(int64_t step) { return fmt::format("preview-{:07}.png", step); }

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// The result of textual-inversion: one learned word for each class.
//
//   <class>.safetensors   the word's vectors, float32 [n, D], under the prompt's placeholder ("#object"): the layout of
//                         diffusers (inversion/embedding_file.h). D: width of the text encoder's token table
//   loss.json             training_curves.h: by <class>, one loss a step; absent if all words were imported
//   preview-0000100.png   with --textual-inversion.preview-every: images of the words after so many steps
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"

namespace tint {

void WriteLearnedEmbedding(const at::Tensor& vectors, const std::string& placeholder, const std::string& stem,
                           StageWriter& writer);
// float32 [n, D] on the CPU; Error(kCorrupt) where the file has no tensor `placeholder` of that kind.
at::Tensor ReadLearnedEmbedding(const CompletedStage& textual_inversion, const std::string& placeholder,
                                const std::string& stem);

std::string PreviewFile(int64_t step);

}  // namespace tint

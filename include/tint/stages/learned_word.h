// The learned word of each class, as textual-inversion writes it and later stages read it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "tint/inversion/prompt.h"
#include "tint/stages/stage.h"

namespace tint {

// The placeholder in a prompt: its first word that begins with '#'. None: Error(kBadConfiguration).
std::string PlaceholderOf(const std::string& prompt);

PromptTemplate MakePrompt(const StageContext& context, const TextEncoder& text_encoder);

// "<class>.safetensors"
std::string ClassFile(const StageContext& context, int64_t class_idx);

// [n, D] from textual-inversion's file of the class.
at::Tensor ReadLearnedVectors(const StageContext& context, const CompletedStage& textual_inversion, int64_t class_idx);

}  // namespace tint

// The learned word of each class, as textual-inversion writes it and later stages read it.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "tint/inversion/prompt.h"
#include "tint/stages/stage.h"

namespace tint {

// The placeholder in a prompt: its first word that begins with '#'. None: Error(kBadConfiguration).
std::string PlaceholderOf(const std::string& prompt);

// The run's prompt, or another `text`, with a word of so many vectors.
PromptTemplate MakePrompt(const StageContext& context, const TextEncoder& text_encoder, int64_t vectors,
                          const std::string& text = "");

// The run's prompt and those of the file --templates. A line without the placeholder: Error(kBadConfiguration).
std::vector<PromptTemplate> MakePrompts(const StageContext& context, const TextEncoder& text_encoder);

// SHA-256 of the file --templates, "" without one.
std::string TemplatesSha256(const StageContext& context);

// Words learned elsewhere that --embedding and --class name, by class. Error(kBadConfiguration) for a class that is not
// of the task or is named twice; Error(kBadInput) for files that are none.
struct ImportedWord {
  at::Tensor vectors;  // [n, D] float32
  std::string file_sha256;
};
std::map<int64_t, ImportedWord> ReadImportedWords(const StageContext& context);

// "<class>.safetensors"
std::string ClassFile(const StageContext& context, int64_t class_idx);

// [n, D] from textual-inversion's file of the class, and the context of the prompt with it, [1, L, F] on the text
// encoder's device.
at::Tensor LearnedContext(const StageContext& context, const TextEncoder& text_encoder,
                          const CompletedStage& textual_inversion, int64_t class_idx);
at::Tensor ReadLearnedVectors(const StageContext& context, const CompletedStage& textual_inversion, int64_t class_idx);

}  // namespace tint

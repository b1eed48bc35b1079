// SPDX-License-Identifier: Apache-2.0
// The learned word of each class: its prompt, words learned elsewhere, and its context for later stages.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/data/task.h"
#include "tint/inversion/prompt.h"
#include "tint/inversion/textual_inversion.h"
#include "tint/models/model_set.h"

namespace tint {

// The placeholder in a prompt: its first word that begins with '#'. None: Error(kBadConfiguration).
std::string PlaceholderOf(const std::string& prompt);

// The prompt of the options, or another `text`, with a word of so many vectors.
PromptTemplate MakePrompt(const TextualInversionOptions& options, const ModelSet& models,
                          const TextEncoder& text_encoder, int64_t vectors, const std::string& text = "");

// The prompt of the options and those of the file --templates. A line without the placeholder:
// Error(kBadConfiguration).
std::vector<PromptTemplate> MakePrompts(const TextualInversionOptions& options, const ModelSet& models,
                                        const TextEncoder& text_encoder);

// SHA-256 of the file --templates, "" without one.
std::string TemplatesSha256(const TextualInversionOptions& options);

// Words learned elsewhere that --embedding and --class name, by class. Error(kBadConfiguration) for a class that is not
// of the task or is named twice; Error(kBadInput) for files of another format.
struct ImportedWord {
  at::Tensor vectors;  // [n, D] float32
  std::string file_sha256;
};
std::map<int64_t, ImportedWord> ReadImportedWords(const TextualInversionOptions& options, const Task& task,
                                                  const ModelSet& models);

// Context of the prompt with the word in textual-inversion's file of a class, [1, L, F] on the text encoder's device.
at::Tensor LearnedContext(const TextualInversionOptions& options, const ModelSet& models,
                          const TextEncoder& text_encoder, const CompletedStage& textual_inversion,
                          const std::string& stem);

}  // namespace tint

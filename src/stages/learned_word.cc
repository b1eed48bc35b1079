// SPDX-License-Identifier: Apache-2.0
#include "tint/stages/learned_word.h"

#include <ATen/ATen.h>

#include "tint/artifacts/learned_embeddings.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/inversion/embedding_file.h"
#include "tint/stages/class_files.h"

namespace tint {
namespace {

constexpr uint64_t kMaxTemplateBytes = 1 << 20;

std::string Trimmed(const std::string& line) {
  const size_t first = line.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(" \t\r") + 1 - first);
}

// Class -> file, as --embedding and --class say.
std::map<int64_t, std::string> EmbeddingFiles(const TextualInversionOptions& options, const Task& task) {
  std::map<int64_t, std::string> files;
  if (!options.embedding.empty()) {
    if (task.classes.size() != 1)
      Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.embedding",
                                         .found = "one file for " + std::to_string(task.classes.size()) + " classes",
                                         .expected = "--class NAME=FILE for each class that has one"});
    files[0] = options.embedding;
  }
  for (const auto& [class_idx, file] : FilesOfClasses(task, options.class_embeddings, "textual-inversion.class")) {
    if (!files.emplace(class_idx, file).second)
      Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.class",
                                         .found = "another file for the class of --embedding",
                                         .expected = "one"});
  }
  return files;
}

}  // namespace

std::string PlaceholderOf(const std::string& prompt) {
  for (const std::string& word : Split(prompt, ' ')) {
    if (word.size() > 1 && word[0] == '#') return word;
  }
  Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.prompt",
                                     .found = Quote(prompt),
                                     .expected = "a placeholder, a word that begins with '#'",
                                     .remedy = "Write for example \"a photo of an #object\"."});
}

PromptTemplate MakePrompt(const TextualInversionOptions& options, const ModelSet& models,
                          const TextEncoder& text_encoder, int64_t vectors, const std::string& text) {
  ClipTokenizer tokenizer(models.ReadChecked("tokenizer"), models.Require("tokenizer").file);
  return PromptTemplate(std::move(tokenizer), text_encoder, text.empty() ? options.prompt : text,
                        PlaceholderOf(options.prompt), options.init_word, vectors);
}

std::vector<PromptTemplate> MakePrompts(const TextualInversionOptions& options, const ModelSet& models,
                                        const TextEncoder& text_encoder) {
  std::vector<PromptTemplate> prompts;
  // The first is the run's own, which later stages use; it is drawn as often as any other.
  prompts.push_back(MakePrompt(options, models, text_encoder, options.vectors));
  if (options.templates.empty()) return prompts;
  const std::string placeholder = PlaceholderOf(options.prompt);
  int64_t number = 0;
  for (const std::string& line : Split(ReadFile(options.templates, kMaxTemplateBytes), '\n')) {
    ++number;
    const std::string text = Trimmed(line);
    if (text.empty() || text == options.prompt) continue;
    if (text.find(placeholder) == std::string::npos)
      Fail(ExitCode::kBadConfiguration,
           {.file = options.templates,
            .field = "line " + std::to_string(number),
            .found = Quote(text),
            .expected = "a prompt with " + Quote(placeholder) + ", the run's placeholder"});
    prompts.push_back(MakePrompt(options, models, text_encoder, options.vectors, text));
  }
  return prompts;
}

std::string TemplatesSha256(const TextualInversionOptions& options) {
  const std::string& file = options.templates;
  return file.empty() ? "" : Sha256Hex(ReadFile(file, kMaxTemplateBytes));
}

std::map<int64_t, ImportedWord> ReadImportedWords(const TextualInversionOptions& options, const Task& task,
                                                  const ModelSet& models) {
  std::map<int64_t, ImportedWord> words;
  for (const auto& [class_idx, file] : EmbeddingFiles(options, task)) {
    const std::string bytes = ReadFile(file, kMaxEmbeddingFileBytes);
    LearnedEmbedding embedding = ReadEmbedding(bytes, file, models.ReadTextEncoderConfig().embedding_width);
    words[class_idx] = {std::move(embedding.vectors), Sha256Hex(bytes)};
  }
  return words;
}

at::Tensor LearnedContext(const TextualInversionOptions& options, const ModelSet& models,
                          const TextEncoder& text_encoder, const CompletedStage& textual_inversion,
                          const std::string& stem) {
  const at::Tensor learned = ReadLearnedEmbedding(textual_inversion, PlaceholderOf(options.prompt), stem);
  return MakePrompt(options, models, text_encoder, learned.size(0))
      .Context(text_encoder, learned.unsqueeze(0).to(text_encoder.module().device()));
}

}  // namespace tint

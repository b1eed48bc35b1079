#include "tint/stages/learned_word.h"

#include "tint/base/text.h"
#include "tint/tensor/safetensors.h"

namespace tint {

std::string PlaceholderOf(const std::string& prompt) {
  for (const std::string& word : Split(prompt, ' ')) {
    if (word.size() > 1 && word[0] == '#') return word;
  }
  Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.prompt",
                                     .found = Quote(prompt),
                                     .expected = "a placeholder, a word that begins with '#'",
                                     .remedy = "Write for example \"a photo of an #object\"."});
}

PromptTemplate MakePrompt(const StageContext& context, const TextEncoder& text_encoder) {
  const TextualInversionOptions& options = context.options().textual_inversion;
  ClipTokenizer tokenizer(context.models().ReadChecked("tokenizer"), context.models().Require("tokenizer").file);
  return PromptTemplate(std::move(tokenizer), text_encoder, options.prompt, PlaceholderOf(options.prompt),
                        options.init_word, options.vectors);
}

std::string ClassFile(const StageContext& context, int64_t class_idx) {
  return context.ArtifactName(class_idx) + ".safetensors";
}

at::Tensor ReadLearnedVectors(const StageContext& context, const CompletedStage& textual_inversion, int64_t class_idx) {
  const std::string file = ClassFile(context, class_idx);
  const NamedTensors tensors = ParseSafetensors(textual_inversion.Read(file), file);
  return RequireTensor(tensors, PlaceholderOf(context.options().textual_inversion.prompt),
                       {context.options().textual_inversion.vectors, -1}, at::kFloat, file);
}

}  // namespace tint

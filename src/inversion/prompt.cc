// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/prompt.h"

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include <algorithm>

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

// [1, L] on the text encoder's device.
at::Tensor IdTensor(const std::vector<int64_t>& ids, const TextEncoder& text_encoder) {
  return at::tensor(ids, at::kLong).unsqueeze(0).to(text_encoder.module().device());
}

// The position of the placeholder in `ids`; an error unless it is there once, whole, and no other '#' is.
int64_t FindPlaceholder(const std::vector<int64_t>& ids, int64_t first_id, int64_t vectors, const std::string& text,
                        const std::string& placeholder) {
  const auto uses = std::count(ids.begin(), ids.end(), first_id);
  if (uses != 1)
    Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.prompt",
                                       .found = Quote(text) + " contains the placeholder " + Quote(placeholder) + " " +
                                                std::to_string(uses) + " times",
                                       .expected = "once, within " + std::to_string(ids.size()) + " tokens",
                                       .remedy = "Write for example \"a photo of an #object\"."});
  if (std::count(text.begin(), text.end(), '#') != std::count(placeholder.begin(), placeholder.end(), '#'))
    Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.prompt",
                                       .found = Quote(text),
                                       .expected = "no '#' except that of the placeholder " + Quote(placeholder)});
  const int64_t first = std::find(ids.begin(), ids.end(), first_id) - ids.begin();
  const auto last = static_cast<size_t>(first + vectors - 1);
  if (last >= ids.size() || ids[last] != first_id + vectors - 1)
    Fail(ExitCode::kBadConfiguration, {.field = "textual-inversion.vectors",
                                       .found = std::to_string(vectors),
                                       .expected = "as many as the prompt has room for"});
  return first;
}

void CheckVocabulary(const std::vector<int64_t>& ids, const TextEncoder& text_encoder) {
  const int64_t largest = *std::max_element(ids.begin(), ids.end());
  const int64_t rows = text_encoder.config().vocabulary_size;
  if (largest < rows) return;
  Fail(ExitCode::kBadInput, {.file = text_encoder.module().file(),
                             .field = "vocabulary_size",
                             .found = std::to_string(rows),
                             .expected = "more than " + std::to_string(largest) + ", a token of the prompt",
                             .remedy = "Tokenizer and text encoder must come from one model."});
}

}  // namespace

PromptTemplate::PromptTemplate(ClipTokenizer tokenizer, const TextEncoder& text_encoder, const std::string& text,
                               const std::string& placeholder, const std::string& init_word, int64_t vectors) {
  TINT_CHECK_GE(vectors, 1);
  const int64_t length = text_encoder.config().context_length;
  const int64_t init_id = tokenizer.SingleToken(init_word);
  const int64_t first_id = tokenizer.AddPlaceholder(placeholder, vectors);
  ids_ = tokenizer.Encode(text, length);
  empty_ids_ = tokenizer.Encode("", length);
  first_position_ = FindPlaceholder(ids_, first_id, vectors, text, placeholder);
  at::NoGradGuard no_grad;
  // The text encoder's table has no rows for the placeholder: the init word takes their place until learned vectors do.
  std::vector<int64_t> stand_in = ids_;
  std::fill_n(stand_in.begin() + first_position_, vectors, init_id);
  CheckVocabulary(stand_in, text_encoder);
  fixed_ = text_encoder.Embed(IdTensor(stand_in, text_encoder))[0].clone();
  initial_ = fixed_.narrow(0, first_position_, vectors).clone();
}

at::Tensor PromptTemplate::Context(const TextEncoder& text_encoder, const at::Tensor& learned) const {
  TINT_CHECK_EQ(learned.dim(), 3);
  TINT_CHECK_EQ(learned.size(1), initial_.size(0));
  TINT_CHECK_EQ(learned.size(2), initial_.size(1));
  const int64_t problems = learned.size(0), vectors = learned.size(1);
  const at::Tensor rows = fixed_.to(learned.options()).unsqueeze(0).expand({problems, -1, -1});
  const int64_t after = first_position_ + vectors;
  return text_encoder.Context(
      at::cat({rows.narrow(1, 0, first_position_), learned, rows.narrow(1, after, rows.size(1) - after)}, 1));
}

at::Tensor PromptTemplate::EmptyContext(const TextEncoder& text_encoder) const {
  c10::NoGradGuard no_grad;
  return text_encoder.Context(text_encoder.Embed(IdTensor(empty_ids_, text_encoder)));
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// A prompt with a learned word in it: ids once, token vectors again whenever the word's vectors change.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tint/models/modules.h"
#include "tint/text/clip_tokenizer.h"

namespace tint {

class PromptTemplate {
 public:
  // `text` must hold `placeholder` exactly once after tokenisation and no other '#': else Error(kBadConfiguration).
  // `vectors` rows are learned; `init_word` must be one token.
  PromptTemplate(ClipTokenizer tokenizer, const TextEncoder& text_encoder, const std::string& text,
                 const std::string& placeholder, const std::string& init_word, int64_t vectors);

  // learned [P, n, D] -> contexts [P, L, F]: the fixed tokens' rows with the learned ones put in, through the text
  // encoder. Differentiable in `learned`.
  at::Tensor Context(const TextEncoder& text_encoder, const at::Tensor& learned) const;
  // The context of the empty prompt "", [1, L, F], no gradient.
  at::Tensor EmptyContext(const TextEncoder& text_encoder) const;
  // The init word's row, repeated: [n, D].
  at::Tensor InitialVectors() const { return initial_; }
  const std::vector<int64_t>& ids() const { return ids_; }

 private:
  std::vector<int64_t> ids_, empty_ids_;
  int64_t first_position_ = 0;  // of the learned rows in the prompt
  at::Tensor fixed_;            // [L, D] token vectors; the learned rows hold the init word's
  at::Tensor initial_;          // [n, D]
};

}  // namespace tint

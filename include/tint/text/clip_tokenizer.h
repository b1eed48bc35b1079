// SPDX-License-Identifier: Apache-2.0
// CLIP's tokenizer: prompt -> token ids, equal to transformers' CLIPTokenizer (fast).
//
// Steps (docs/method.md, Tokenisation): split off placeholders -> NFC, blanks, lower case (ICU) -> pre-tokens by CLIP's
// pattern (PCRE2) -> bytes as printable characters -> byte-pair merges (SentencePiece, one pre-token at a time) -> ids.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tint {

class ClipTokenizer {
 public:
  static constexpr int64_t kStart = 49406;
  static constexpr int64_t kEnd = 49407;             // also pads, as Stable Diffusion 1.x does
  static constexpr int64_t kVocabularySize = 49408;  // ids of placeholders begin here

  // The bytes of a SentencePiece model made from CLIP's merges (scripts/export_models.py writes it). Checks itself on
  // "a photo of an object" -> 320 1125 539 550 14115 and throws Error(kBadInput) naming `file` otherwise.
  ClipTokenizer(const std::string& model_bytes, const std::string& file);
  ~ClipTokenizer();
  ClipTokenizer(ClipTokenizer&&) noexcept;
  ClipTokenizer& operator=(ClipTokenizer&&) noexcept;

  // Adds `name` ("#object") as one token with the next free id (or `vectors` consecutive ids, to which the token then
  // expands). It must begin with '#', be new, and contain no blank: else Error(kBadConfiguration). Returns the first
  // id.
  int64_t AddPlaceholder(const std::string& name, int64_t vectors = 1);

  // Ids without start, end and padding. Text that spells <|startoftext|> or <|endoftext|> is split as added tokens, as
  // CLIP does.
  std::vector<int64_t> Pieces(std::string_view text) const;

  // start + ids (cut to context_length - 2) + end, padded with kEnd to context_length.
  std::vector<int64_t> Encode(std::string_view text, int64_t context_length = 77) const;

  // The id of a word that is exactly one token; else Error(kBadConfiguration) that prints its tokens.
  int64_t SingleToken(std::string_view word) const;

  // The token of an id as spelled in the vocabulary ("object</w>").
  std::string Piece(int64_t id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tint

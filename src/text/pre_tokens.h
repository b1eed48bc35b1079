// SPDX-License-Identifier: Apache-2.0
// What CLIP does to text before its merges (docs/method.md, Tokenisation, steps 2 to 4).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tint {

// NFC, then lower case one code point at a time: no Greek final sigma, as transformers' fast tokenizer. `text` is
// UTF-8.
std::string NormalizeForClip(std::string_view text);

// Cuts normalised text by CLIP's pattern; blanks separate and are dropped.
class PreTokenizer {
 public:
  PreTokenizer();
  ~PreTokenizer();
  PreTokenizer(const PreTokenizer&) = delete;
  PreTokenizer& operator=(const PreTokenizer&) = delete;

  // Views into `text` (UTF-8), in order. Safe to call from several threads.
  std::vector<std::string_view> Split(std::string_view text) const;

 private:
  struct Pattern;
  std::unique_ptr<Pattern> pattern_;
};

// The printable character of each byte, in UTF-8: bytes 33-126, 161-172 and 174-255 stand for themselves, the other 68,
// in rising order, for U+0100 onwards.
std::string BytesAsCharacters(std::string_view bytes);

}  // namespace tint

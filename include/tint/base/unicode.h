// SPDX-License-Identifier: Apache-2.0
// UTF-8 text: what is valid, what a message may print, what changes the order of what is shown. By ICU's data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tint {

// The character at the start of a text.
struct Utf8Character {
  char32_t code_point = 0;
  size_t length = 0;  // bytes; 0: the text is empty or does not start with a well-formed character
};
Utf8Character DecodeUtf8(std::string_view text);

bool IsValidUtf8(std::string_view text);

// Category Cc: C0, DEL and C1.
bool IsControl(char32_t code_point);
// Breaks lines or changes the direction of text, so that it is displayed as another one: line and paragraph separators
// (U+2028, U+2029), embeddings, overrides and isolates (U+202A to U+202E, U+2066 to U+2069).
bool ReordersText(char32_t code_point);
// Not displayed, or reorders what is: controls, line separators, and format characters that are ignored by default
// (zero-width and bidirectional marks, the byte order mark, tags).
bool IsInvisible(char32_t code_point);

// The character at the start of `text`, which is not empty, for a message: itself, or \n, \t or \xNN for each byte of
// what is invisible or not UTF-8 (then of one byte).
struct PrintableText {
  std::string text;
  size_t length;  // bytes of the input
};
PrintableText PrintableCharacter(std::string_view text);

}  // namespace tint

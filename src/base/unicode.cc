// SPDX-License-Identifier: Apache-2.0
#include "tint/base/unicode.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>

namespace tint {
namespace {

std::string HexBytes(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace

Utf8Character DecodeUtf8(std::string_view text) {
  if (text.empty()) return {};
  const auto size = static_cast<int32_t>(std::min<size_t>(text.size(), U8_MAX_LENGTH));
  int32_t length = 0;
  UChar32 code_point = 0;
  U8_NEXT(text.data(), length, size, code_point);
  if (code_point < 0) return {};
  return {static_cast<char32_t>(code_point), static_cast<size_t>(length)};
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = DecodeUtf8(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool IsControl(char32_t code_point) { return u_charType(static_cast<UChar32>(code_point)) == U_CONTROL_CHAR; }

bool ReordersText(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  if ((U_GET_GC_MASK(c) & (U_GC_ZL_MASK | U_GC_ZP_MASK)) != 0) return true;
  switch (u_charDirection(c)) {
    case U_LEFT_TO_RIGHT_EMBEDDING:
    case U_LEFT_TO_RIGHT_OVERRIDE:
    case U_RIGHT_TO_LEFT_EMBEDDING:
    case U_RIGHT_TO_LEFT_OVERRIDE:
    case U_POP_DIRECTIONAL_FORMAT:
    case U_LEFT_TO_RIGHT_ISOLATE:
    case U_RIGHT_TO_LEFT_ISOLATE:
    case U_FIRST_STRONG_ISOLATE:
    case U_POP_DIRECTIONAL_ISOLATE:
      return true;
    default:
      return false;
  }
}

bool IsInvisible(char32_t code_point) {
  const auto c = static_cast<UChar32>(code_point);
  const bool ignored_format =
      (U_GET_GC_MASK(c) & U_GC_CF_MASK) != 0 && u_hasBinaryProperty(c, UCHAR_DEFAULT_IGNORABLE_CODE_POINT) != 0;
  return IsControl(code_point) || ReordersText(code_point) || ignored_format;
}

PrintableText PrintableCharacter(std::string_view text) {
  const auto [code_point, length] = DecodeUtf8(text);
  const std::string_view bytes = text.substr(0, std::max<size_t>(length, 1));
  if (code_point == '\n') return {"\\n", 1};
  if (code_point == '\t') return {"\\t", 1};
  if (length == 0 || IsInvisible(code_point)) return {HexBytes(bytes), bytes.size()};
  return {std::string(bytes), length};
}

}  // namespace tint

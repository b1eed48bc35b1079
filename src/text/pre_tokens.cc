// SPDX-License-Identifier: Apache-2.0
#include "pre_tokens.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <unicode/locid.h>
#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <array>

#include "tint/base/error.h"

namespace tint {

namespace {

// CLIP's pattern. The blanks are spelled out, as Unicode's White_Space: PCRE2's \s has U+180E too.
// The literals match "<|STARTOFTEXT|>" after lower-casing (in lower case it is an added token and not part of the
// text).
#define CLIP_BLANKS R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})"
constexpr std::string_view kPattern =
    R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\p{L}\p{N})" CLIP_BLANKS "]+";
#undef CLIP_BLANKS

std::array<std::string, 256> ByteTable() {
  std::array<std::string, 256> table;
  int next = 256;
  for (int byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    const int code = printable ? byte : next++;
    // All codes are below U+0800: one or two bytes of UTF-8.
    if (code < 0x80) {
      table[byte] = {static_cast<char>(code)};
    } else {
      table[byte] = {static_cast<char>(0xc0 | (code >> 6)), static_cast<char>(0x80 | (code & 0x3f))};
    }
  }
  return table;
}

// transformers cuts each pre-token once more, by GPT-2's pattern. That splits only the two literals: <|
// startoftext |>.
void AppendParts(std::string_view piece, std::vector<std::string_view>& pieces) {
  if (piece.starts_with("<|") && piece.ends_with("text|>")) {
    pieces.insert(pieces.end(),
                  {piece.substr(0, 2), piece.substr(2, piece.size() - 4), piece.substr(piece.size() - 2)});
  } else {
    pieces.push_back(piece);
  }
}

}  // namespace

std::string NormalizeForClip(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  icu::UnicodeString composed;
  if (U_SUCCESS(status)) {
    const icu::StringPiece piece(text.data(), static_cast<int32_t>(text.size()));
    composed = nfc->normalize(icu::UnicodeString::fromUTF8(piece), status);
  }
  if (U_FAILURE(status)) Fail(ExitCode::kInternal, std::string("ICU cannot normalise text: ") + u_errorName(status));
  std::string lowered;
  for (int32_t i = 0; i < composed.length(); i = composed.moveIndex32(i, 1)) {
    icu::UnicodeString(composed.char32At(i)).toLower(icu::Locale::getRoot()).toUTF8String(lowered);
  }
  return lowered;
}

struct PreTokenizer::Pattern {
  pcre2_code* code = nullptr;
  ~Pattern() { pcre2_code_free(code); }
};

PreTokenizer::PreTokenizer() : pattern_(std::make_unique<Pattern>()) {
  int error = 0;
  PCRE2_SIZE offset = 0;
  pattern_->code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(kPattern.data()), kPattern.size(), PCRE2_UTF | PCRE2_UCP,
                                 &error, &offset, nullptr);
  TINT_CHECK(pattern_->code != nullptr) << "PCRE2 error " << error << " at " << offset;
}

PreTokenizer::~PreTokenizer() = default;

std::vector<std::string_view> PreTokenizer::Split(std::string_view text) const {
  const std::unique_ptr<pcre2_match_data, void (*)(pcre2_match_data*)> match(
      pcre2_match_data_create_from_pattern(pattern_->code, nullptr), pcre2_match_data_free);
  std::vector<std::string_view> pieces;
  PCRE2_SIZE start = 0;
  while (start < text.size()) {
    // The first call checks that the text is UTF-8; later ones would check all of it again.
    const uint32_t options = start == 0 ? 0 : PCRE2_NO_UTF_CHECK;
    const int found = pcre2_match(pattern_->code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), start,
                                  options, match.get(), nullptr);
    if (found == PCRE2_ERROR_NOMATCH) break;
    TINT_CHECK_GT(found, 0);
    const PCRE2_SIZE* bounds = pcre2_get_ovector_pointer(match.get());
    AppendParts(text.substr(bounds[0], bounds[1] - bounds[0]), pieces);
    start = bounds[1];
  }
  return pieces;
}

std::string BytesAsCharacters(std::string_view bytes) {
  static const std::array<std::string, 256> table = ByteTable();
  std::string characters;
  for (const char c : bytes) characters += table[static_cast<unsigned char>(c)];
  return characters;
}

}  // namespace tint

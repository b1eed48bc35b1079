#include "tint/data/names.h"

#include <unicode/normalizer2.h>

#include <algorithm>
#include <map>

#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint {
namespace {

bool IsControl(std::string_view name, size_t i) {
  const auto c = static_cast<unsigned char>(name[i]);
  if (c < 0x20 || c == 0x7F) return true;
  // U+0080...U+009F, for well-formed UTF-8.
  return c == 0xC2 && i + 1 < name.size() && static_cast<unsigned char>(name[i + 1]) < 0xA0;
}

// U+2028, U+2029 (line and paragraph separators), U+202A...U+202E and U+2066...U+2069 (they turn the direction of text,
// so that a name shows as another one).
bool Reorders(std::string_view name, size_t i) {
  if (name.size() < i + 3 || name[i] != '\xE2') return false;
  const auto third = static_cast<unsigned char>(name[i + 2]);
  if (name[i + 1] == '\x80') return third >= 0xA8 && third <= 0xAE;
  return name[i + 1] == '\x81' && third >= 0xA6 && third <= 0xA9;
}

bool IsAscii(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string Normalised(const std::string& name) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(status);
  TINT_CHECK(U_SUCCESS(status)) << u_errorName(status);
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  nfc->normalizeUTF8(0, name, sink, nullptr, status);
  TINT_CHECK(U_SUCCESS(status)) << u_errorName(status);
  return out;
}

}  // namespace

std::string NameError(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > kLongestName) {
    return "has " + std::to_string(name.size()) + " bytes (at most " + std::to_string(kLongestName) + " are allowed)";
  }
  if (name.find('\0') != std::string_view::npos) return "holds a NUL byte";
  if (name.find('/') != std::string_view::npos) return "holds a '/'";
  if (name.find('\\') != std::string_view::npos) return "holds a '\\'";
  if (!IsValidUtf8(name)) return "is not valid UTF-8";
  if (name == "." || name == "..") return "stands for a folder above or for the same one";
  if (name.front() == '.') return "begins with '.', as hidden files do";
  if (name.front() == '-') return "begins with '-', as options do";
  for (size_t i = 0; i < name.size(); ++i) {
    if (IsControl(name, i)) return "holds a control character";
    if (Reorders(name, i)) return "holds a character that breaks or turns lines of text";
  }
  return "";
}

std::pair<std::string, std::string> FindNormalizationCollision(const std::vector<std::string>& names) {
  // ASCII is its own normal form. Beside other names it counts, though: the sign of kelvin becomes a plain K.
  if (std::all_of(names.begin(), names.end(), IsAscii)) return {"", ""};
  std::map<std::string, std::string> seen;  // normalised -> as given
  for (const std::string& name : names) {
    if (!IsValidUtf8(name)) continue;
    const auto [place, is_new] = seen.emplace(IsAscii(name) ? name : Normalised(name), name);
    if (!is_new && place->second != name) return {place->second, name};
  }
  return {"", ""};
}

}  // namespace tint

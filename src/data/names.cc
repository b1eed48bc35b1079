// SPDX-License-Identifier: Apache-2.0
#include "tint/data/names.h"

#include <unicode/normalizer2.h>

#include <algorithm>
#include <map>

#include "tint/base/error.h"
#include "tint/base/unicode.h"

namespace tint {
namespace {

bool IsAscii(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string Normalized(const std::string& name) {
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
  if (name.size() > kMaxNameBytes) {
    return "has " + std::to_string(name.size()) + " bytes (at most " + std::to_string(kMaxNameBytes) + " are allowed)";
  }
  if (name.find('\0') != std::string_view::npos) return "contains a NUL byte";
  if (name.find('/') != std::string_view::npos) return "contains a '/'";
  if (name.find('\\') != std::string_view::npos) return "contains a '\\'";
  if (!IsValidUtf8(name)) return "is not valid UTF-8";
  if (name == "." || name == "..") return "refers to the parent folder or to the folder itself";
  if (name.front() == '.') return "begins with '.', as hidden files do";
  if (name.front() == '-') return "begins with '-', as options do";
  for (size_t i = 0; i < name.size();) {
    const auto [code_point, length] = DecodeUtf8(name.substr(i));
    if (IsControl(code_point)) return "contains a control character";
    if (ReordersText(code_point)) return "contains a character that breaks lines or changes the direction of text";
    i += length;
  }
  return "";
}

std::pair<std::string, std::string> FindNormalizationCollision(const std::vector<std::string>& names) {
  // ASCII is its own normal form, but may collide with other names: the Kelvin sign is normalized to K.
  if (std::all_of(names.begin(), names.end(), IsAscii)) return {"", ""};
  std::map<std::string, std::string> seen;  // normalized -> original
  for (const std::string& name : names) {
    if (!IsValidUtf8(name)) continue;
    const auto [place, is_new] = seen.emplace(IsAscii(name) ? name : Normalized(name), name);
    if (!is_new && place->second != name) return {place->second, name};
  }
  return {"", ""};
}

}  // namespace tint

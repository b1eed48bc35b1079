#include "tint/base/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tint {
namespace {

constexpr size_t kLongestCompared = 256;  // bytes; the edit distance costs the product of both lengths

// Length in bytes of the well-formed UTF-8 character at the start of `text` (Unicode 15, table 3-7), or 0.
size_t Utf8Length(std::string_view text) {
  auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  auto within = [&](size_t i, unsigned low, unsigned high) { return byte(i) >= low && byte(i) <= high; };
  auto tail = [&](size_t i) { return within(i, 0x80, 0xBF); };
  const unsigned lead = byte(0);
  if (text.empty()) return 0;
  if (lead < 0x80) return 1;
  if (within(0, 0xC2, 0xDF)) return tail(1) ? 2 : 0;
  if (within(0, 0xE0, 0xEF)) {
    const bool second = within(1, lead == 0xE0 ? 0xA0 : 0x80, lead == 0xED ? 0x9F : 0xBF);
    return second && tail(2) ? 3 : 0;
  }
  if (within(0, 0xF0, 0xF4)) {
    const bool second = within(1, lead == 0xF0 ? 0x90 : 0x80, lead == 0xF4 ? 0x8F : 0xBF);
    return second && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

// Characters of several bytes that a terminal does not show, or that reorder what it shows: C1 controls, zero-width
// and bidirectional marks, line separators, the byte order mark.
bool IsInvisible(std::string_view character) {
  if (character.size() == 2) return character[0] == '\xC2' && static_cast<unsigned char>(character[1]) < 0xA0;
  if (character.size() != 3) return false;
  const auto second = static_cast<unsigned char>(character[1]);
  const auto third = static_cast<unsigned char>(character[2]);
  if (character[0] == '\xE2' && second == 0x80)
    return (third >= 0x8B && third <= 0x8F) || (third >= 0xA8 && third <= 0xAE);
  if (character[0] == '\xE2' && second == 0x81) return third >= 0xA0 && third <= 0xAF;
  return character == "\xEF\xBB\xBF";
}

std::string Hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    char digits[5];
    std::snprintf(digits, sizeof digits, "\\x%02x", static_cast<unsigned char>(c));
    out += digits;
  }
  return out;
}

// The character at the start of `rest` as it may be shown, and how many bytes it took.
std::pair<std::string, size_t> Show(std::string_view rest) {
  const size_t length = Utf8Length(rest);
  const std::string_view character = rest.substr(0, std::max<size_t>(length, 1));
  const char c = character[0];
  if (length == 0 || (length > 1 && IsInvisible(character))) return {Hex(character), character.size()};
  if (length > 1) return {std::string(character), length};
  if (c == '\n') return {"\\n", 1};
  if (c == '\t') return {"\\t", 1};
  if (c < ' ' || c == 0x7F) return {Hex(character), 1};
  return {std::string(1, c), 1};
}

bool NeedsQuotes(std::string_view name) {
  if (name.empty()) return true;
  auto odd_end = [](char c) { return c == ' ' || c == '\'' || c == '"'; };
  if (odd_end(name.front()) || odd_end(name.back())) return true;
  for (size_t i = 0; i < name.size();) {
    const auto [shown, length] = Show(name.substr(i));
    if (shown != name.substr(i, length)) return true;
    i += length;
  }
  return false;
}

// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours, in bytes.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

std::string Quote(std::string_view name, size_t max_bytes) {
  const bool quoted = NeedsQuotes(name);
  const size_t room = max_bytes < 8 ? 0 : max_bytes - 8;  // for both quotes and the three dots, with something to spare
  std::string out = quoted ? "'" : "";
  for (size_t i = 0; i < name.size();) {
    auto [shown, length] = Show(name.substr(i));
    if (quoted && (shown == "'" || shown == "\\")) shown = std::string("\\") + shown;
    if (out.size() + shown.size() > room && name.size() > room) {
      out += "...";
      break;
    }
    out += shown;
    i += length;
  }
  return quoted ? out + "'" : out;
}

std::string NearestName(std::string_view name, const std::vector<std::string>& candidates) {
  if (name.size() > kLongestCompared) return "";
  const size_t limit = std::max<size_t>(2, name.size() / 3);
  std::string nearest;
  size_t smallest = limit + 1;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestCompared) continue;
    const size_t distance = EditDistance(name, candidate);
    // Where every letter differs, nothing speaks for the candidate, however short both are.
    if (distance < smallest && distance < std::max(name.size(), candidate.size())) {
      smallest = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string nearest = NearestName(name, candidates);
  return nearest.empty() ? "" : "did you mean '" + nearest + "'?";
}

std::string Join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += separator;
    out += parts[i];
  }
  return out;
}

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    parts.emplace_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string FormatBytes(uint64_t bytes) {
  if (bytes < 1024) return std::to_string(bytes) + " B";
  const char* const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  // 1023.95 would be printed as 1024.0.
  while (value >= 1023.95 && unit + 1 < std::size(units)) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
  return text;
}

std::string FormatSeconds(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) return "unknown";
  char text[48];
  if (seconds < 9.95) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
    return text;
  }
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 60) {
    std::snprintf(text, sizeof text, "%lld s", whole);
  } else if (whole < 3600) {
    std::snprintf(text, sizeof text, "%lld min %lld s", whole / 60, whole % 60);
  } else {
    const long long minutes = (whole + 30) / 60;
    std::snprintf(text, sizeof text, "%lld h %lld min", minutes / 60, minutes % 60);
  }
  return text;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/base/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tint/base/unicode.h"

namespace tint {
namespace {

constexpr size_t kLongestCompared = 256;  // bytes; the edit distance costs the product of both lengths

bool NeedsQuotes(std::string_view name) {
  if (name.empty()) return true;
  auto odd_end = [](char c) { return c == ' ' || c == '\'' || c == '"'; };
  if (odd_end(name.front()) || odd_end(name.back())) return true;
  for (size_t i = 0; i < name.size();) {
    const auto [shown, length] = PrintableCharacter(name.substr(i));
    if (shown != name.substr(i, length)) return true;
    i += length;
  }
  return false;
}

}  // namespace

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

std::string Quote(std::string_view name, size_t max_bytes) {
  const bool quoted = NeedsQuotes(name);
  const size_t room = max_bytes < 8 ? 0 : max_bytes - 8;  // for both quotes and the three dots, with something to spare
  std::string out = quoted ? "'" : "";
  for (size_t i = 0; i < name.size();) {
    auto [shown, length] = PrintableCharacter(name.substr(i));
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
  return nearest.empty() ? "" : "Did you mean '" + nearest + "'?";
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
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string FormatSeconds(double seconds) {
  if (!(seconds >= 0) || seconds > 1e12) return "unknown";
  if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
  const int64_t whole = std::llround(seconds);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  const int64_t minutes = (whole + 30) / 60;
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace tint

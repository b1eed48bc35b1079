// SPDX-License-Identifier: Apache-2.0
#include "text_lines.h"

#include <charconv>
#include <cmath>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/text.h"
#include "tint/base/unicode.h"
#include "tint/data/names.h"

namespace tint::internal {
namespace {

constexpr uint64_t kMaxListBytes = 64ull << 20;  // the longest known, 38,400 lines of Ravi's train.csv, has 1.2 MB
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

template <class Value>
bool ParseWhole(const std::string& text, Value* value) {
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *value);
  return error == std::errc() && stopped == end;
}

}  // namespace

TextLines::TextLines(std::filesystem::path path) : path_(std::move(path)) {
  std::string text = ReadFile(path_, kMaxListBytes);
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  int number = 0;
  for (std::string& line : Split(text, '\n')) {
    if (line.ends_with('\r')) line.pop_back();
    if (!IsValidUtf8(line)) FailAt(number + 1, "is not valid UTF-8", "a list in UTF-8");
    lines_.push_back({++number, std::move(line)});
  }
  while (!lines_.empty() && lines_.back().text.empty()) lines_.pop_back();
  if (lines_.empty()) FailAt(0, "is empty", "a list, one entry per line");
  for (const TextLine& line : lines_) {
    if (line.text.empty()) FailAt(line.number, "is empty", "an entry on each line");
  }
}

void TextLines::FailAt(int line, const std::string& found, const std::string& expected,
                       const std::string& remedy) const {
  Fail(ExitCode::kBadInput, {.file = path_, .found = found, .expected = expected, .remedy = remedy, .line = line});
}

std::vector<std::string> TextLines::Parts(const TextLine& line, char separator, size_t count,
                                          const std::string& expected) const {
  std::vector<std::string> parts = Split(line.text, separator);
  bool good = parts.size() == count;
  for (const std::string& part : parts) good = good && !part.empty();
  if (!good) FailAt(line.number, "the line is " + Quote(line.text, 120), expected);
  return parts;
}

int64_t TextLines::WholeNumber(const TextLine& line, const std::string& text, int64_t low, int64_t high,
                               const std::string& what) const {
  int64_t value = 0;
  if (ParseWhole(text, &value) && value >= low && value <= high) return value;
  FailAt(line.number, what + " is " + Quote(text, 80),
         "a whole number from " + std::to_string(low) + " to " + std::to_string(high));
}

double TextLines::Number(const TextLine& line, const std::string& text, const std::string& what) const {
  double value = 0;
  if (ParseWhole(text, &value) && std::isfinite(value)) return value;
  FailAt(line.number, what + " is " + Quote(text, 80), "a number");
}

void TextLines::RequireValidName(const TextLine& line, const std::string& name) const {
  const std::string why = NameError(name);
  if (!why.empty()) FailAt(line.number, "the name " + Quote(name) + " " + why, "a plain name");
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// Text files of data sets, read line by line.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tint::internal {

struct TextLine {
  int number = 0;  // from 1
  std::string text;
};

// The lines of a text file without their ends (LF or CRLF). Empty lines at the end are ignored; other empty
// lines and invalid UTF-8: Error(kBadInput). Errors of reading as ReadFile.
class TextLines {
 public:
  explicit TextLines(std::filesystem::path path);
  const std::vector<TextLine>& lines() const { return lines_; }
  const std::filesystem::path& path() const { return path_; }

  // Error(kBadInput) with file and line (0: the file as a whole).
  [[noreturn]] void FailAt(int line, const std::string& found, const std::string& expected,
                           const std::string& remedy = "") const;
  // The line's parts; another number of parts than `count`, or an empty part, fails with `expected`.
  std::vector<std::string> Parts(const TextLine& line, char separator, size_t count, const std::string& expected) const;
  // `text` as a whole number in [low, high], else an error about `what`.
  int64_t WholeNumber(const TextLine& line, const std::string& text, int64_t low, int64_t high,
                      const std::string& what) const;
  // A finite number.
  double Number(const TextLine& line, const std::string& text, const std::string& what) const;
  // Fails for names that NameError rejects.
  void RequireValidName(const TextLine& line, const std::string& name) const;

 private:
  std::filesystem::path path_;
  std::vector<TextLine> lines_;
};

}  // namespace tint::internal

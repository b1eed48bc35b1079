// Names that must never come in from outside, with a part of the reason that is told.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tint::testing {

inline std::vector<std::pair<std::string, std::string>> HostileNames() {
  using namespace std::string_literals;
  return {
      {"", "is empty"},
      {".", "same one"},
      {"..", "above"},
      {"../x", "holds a '/'"},
      {"../../etc/passwd", "holds a '/'"},
      {"a/../b", "holds a '/'"},
      {"a/..", "holds a '/'"},
      {"./a", "holds a '/'"},
      {"a/b.jpg", "holds a '/'"},
      {"a/", "holds a '/'"},
      {"/", "holds a '/'"},
      {"//", "holds a '/'"},
      {"/etc/passwd", "holds a '/'"},
      {"/dev/stdin", "holds a '/'"},
      {"/proc/self/mem", "holds a '/'"},
      {"..\\x", "holds a '\\'"},
      {"C:\\windows\\system32", "holds a '\\'"},
      {"a\\b.jpg", "holds a '\\'"},
      {"\\\\host\\share", "holds a '\\'"},
      {"a.jpg\0.png"s, "NUL"},
      {"\0"s, "NUL"},
      {"a\nb.jpg", "control"},
      {"a\rb.jpg", "control"},
      {"a\tb.jpg", "control"},
      {"a\bb.jpg", "control"},
      {"\x1b[2Ja.jpg", "control"},
      {"a\x7f.jpg", "control"},
      {"a\x01.jpg", "control"},
      {"a\xc2\x85.jpg", "control"},  // next line
      {"a\xc2\x9b.jpg", "control"},  // begins a terminal's command
      {"a\u2028.jpg", "turns"},      // line separator
      {"a\u2029.jpg", "turns"},      // paragraph separator
      {"a\u202egpj.exe", "turns"},   // right-to-left override
      {"a\u2066b.jpg", "turns"},     // left-to-right isolate
      {"\xff.jpg", "UTF-8"},
      {"a\xc0\xaf.jpg", "UTF-8"},     // '/' in two bytes
      {"a\xe2\x82", "UTF-8"},         // cut short
      {"a\xed\xa0\x80", "UTF-8"},     // half a surrogate pair
      {"\xf4\x90\x80\x80", "UTF-8"},  // beyond U+10FFFF
      {"-rf", "begins with '-'"},
      {"--help", "begins with '-'"},
      {"-", "begins with '-'"},
      {".hidden", "begins with '.'"},
      {"...", "begins with '.'"},
      {".tmp-host-1-a.jpg", "begins with '.'"},
      {std::string(256, 'x'), "256 bytes"},
      {std::string(4096, 'x'), "4096 bytes"},
      {std::string(85, 'x') + std::string(171, '.'), "256 bytes"},
  };
}

}  // namespace tint::testing

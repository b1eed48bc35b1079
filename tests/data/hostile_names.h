// SPDX-License-Identifier: Apache-2.0
// Names that must never come in from outside, with a part of the reason reported.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tint::testing {

inline std::vector<std::pair<std::string, std::string>> HostileNames() {
  using namespace std::string_literals;
  return {
      {"", "is empty"},
      {".", "folder itself"},
      {"..", "parent folder"},
      {"../x", "contains a '/'"},
      {"../../etc/passwd", "contains a '/'"},
      {"a/../b", "contains a '/'"},
      {"a/..", "contains a '/'"},
      {"./a", "contains a '/'"},
      {"a/b.jpg", "contains a '/'"},
      {"a/", "contains a '/'"},
      {"/", "contains a '/'"},
      {"//", "contains a '/'"},
      {"/etc/passwd", "contains a '/'"},
      {"/dev/stdin", "contains a '/'"},
      {"/proc/self/mem", "contains a '/'"},
      {"..\\x", "contains a '\\'"},
      {"C:\\windows\\system32", "contains a '\\'"},
      {"a\\b.jpg", "contains a '\\'"},
      {"\\\\host\\share", "contains a '\\'"},
      {"a.jpg\0.png"s, "NUL"},
      {"\0"s, "NUL"},
      {"a\nb.jpg", "control"},
      {"a\rb.jpg", "control"},
      {"a\tb.jpg", "control"},
      {"a\bb.jpg", "control"},
      {"\x1b[2Ja.jpg", "control"},
      {"a\x7f.jpg", "control"},
      {"a\x01.jpg", "control"},
      {"a\xc2\x85.jpg", "control"},                 // next line
      {"a\xc2\x9b.jpg", "control"},                 // begins a terminal's command
      {"a\u2028.jpg", "changes the direction"},     // line separator
      {"a\u2029.jpg", "changes the direction"},     // paragraph separator
      {"a\u202egpj.exe", "changes the direction"},  // right-to-left override
      {"a\u2066b.jpg", "changes the direction"},    // left-to-right isolate
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

// SPDX-License-Identifier: Apache-2.0
#include "prelude.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint {
namespace {

struct BadDocument {
  std::string text;
  std::string place;  // line:column, where the reader must point
  std::string found;
};

std::vector<BadDocument> BadDocuments() {
  return {
      {"   ", "1:4", "unexpected end of input"},
      {"{", "1:2", "unexpected end of input"},
      {"[1,2", "1:5", "unexpected end of input"},
      {"{\"a\":1,}", "1:8", "unexpected '}'"},
      {"{\"a\":1 \"b\":2}", "1:8", "unexpected string literal"},
      {"{\"a\" 1}", "1:6", "unexpected number literal"},
      {"{1:2}", "1:2", "unexpected number literal"},
      {"{a:1}", "1:2", "invalid literal"},
      {"{'a':1}", "1:2", "invalid literal"},
      {"{,}", "1:2", "unexpected ','"},
      {"[1,,2]", "1:4", "unexpected ','"},
      {"[1 2]", "1:4", "unexpected number literal"},
      {"[1}", "1:3", "unexpected '}'"},
      {"\n\n  ]", "3:3", "unexpected ']'"},
      {"{\"a\":1,\n \"a\":2}", "2:2", "duplicate key a"},
      {"{\"x\":{\"k\":1,\"k\":1}}", "1:13", "duplicate key k"},
      {"{\"k\":1,\"\\u006b\":1}", "1:8", "duplicate key k"},
      {"[NaN]", "1:2", "invalid literal"},
      {"[nan]", "1:3", "invalid literal"},
      {"[Infinity]", "1:2", "invalid literal"},
      {"[-Infinity]", "1:3", "invalid number"},
      {"[1e400]", "1:2", "too large"},
      {"[7,\n-1e400]", "2:1", "too large"},
      {"[1e-400]", "1:2", "too small"},
      {"[18446744073709551616]", "1:2", "out of range"},
      {"{\"n\": -9223372036854775809}", "1:7", "out of range"},
      {"[01]", "1:3", "unexpected number literal"},
      {"[1.]", "1:4", "invalid number"},
      {"[.5]", "1:2", "invalid literal"},
      {"[+1]", "1:2", "invalid literal"},
      {"[0x10]", "1:3", "invalid literal"},
      {"tru", "1:4", "invalid literal"},
      {"{} x", "1:4", "invalid literal"},
      {"{} {}", "1:4", "unexpected '{'"},
      {"// note\n{}", "1:1", "invalid literal"},
      {"[\"a\nb\"]", "1:4", "control character"},
      {"[\"a", "1:4", "missing closing quote"},
      {"[\"\\x\"]", "1:4", "forbidden character after backslash"},
      {"[\"\\ud800\"]", "1:9", "surrogate"},
      {"[\"\xff\"]", "1:3", "ill-formed UTF-8"},
      {"[\"\xc3\x28\"]", "1:4", "ill-formed UTF-8"},
      {"[\"\xc0\xaf\"]", "1:3", "ill-formed UTF-8"},
      {"[\"\xed\xa0\x80\"]", "1:4", "ill-formed UTF-8"},
      {"\xEF\xBB\xBF{}", "1:1", "byte order mark"},
      {std::string("{}\0", 3), "1:3", "NUL"},
      {std::string("{}\n\0{", 5), "2:1", "NUL"},
      {std::string(33, '['), "1:33", "nested more than 32 deep"},
      {std::string(5'000'000, '['), "1:33", "nested more than 32 deep"},
  };
}

TEST(ParseJson, PointsAtEveryError) {
  for (const BadDocument& bad : BadDocuments()) {
    SCOPED_TRACE(Quote(bad.text, 60));
    EXPECT_THAT(CatchError([&] { ParseJson(bad.text, "c.json", ExitCode::kBadConfiguration); }),
                FailsWith(ExitCode::kBadConfiguration,
                          ::testing::AllOf(StartsWith("c.json:" + bad.place + ": "), HasSubstr(bad.found))));
  }
}

TEST(ParseJson, RefusesWhatIsEmptyOrTooMuch) {
  EXPECT_THAT(CatchError([] { ParseJson("", "c.json", ExitCode::kBadInput); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("c.json: is empty")));
  EXPECT_THAT(CatchError([] { ParseJson("[1,2,3]", "c.json", ExitCode::kBadInput, {.max_bytes = 6}); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("at most 6 B")));
  EXPECT_THAT(CatchError([] { ParseJson("[1,2,3]", "c.json", ExitCode::kBadInput, {.max_values = 3}); }),
              FailsWith(ExitCode::kBadInput, HasSubstr("c.json:1:6: more than 3 values")));
}

TEST(ParseJson, LongTokensMakeShortMessages) {
  const std::string longest(1'000'000, '7');
  for (const std::string& text : {"[" + longest + "]", "[1e" + longest + "]", "[\"" + longest, "[" + longest + "x]"}) {
    EXPECT_LT(std::string(CatchError([&] { ParseJson(text, "c.json", ExitCode::kBadInput); }).what()).size(), 500u);
  }
}

// Positions and field names must not cost more than the document: a long key above many values, and many values.
TEST(ParseJson, HostileShapesStayCheap) {
  const std::string key(1'000'000, 'k');
  std::string text = "{\"" + key + "\":[0";
  for (int i = 0; i < 500'000; ++i) text += ",0";
  text += "]}";
  const JsonDocument document = ParseJson(text, "c.json", ExitCode::kBadInput);
  EXPECT_EQ(document.root.begin().value().size(), 500'001u);
  EXPECT_LE(document.positions.size(), 200'000u);
  EXPECT_EQ(document.Where("/" + key + "/7").column, 1) << "the nearest value whose place is known";
}

}  // namespace
}  // namespace tint

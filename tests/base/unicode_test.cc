// SPDX-License-Identifier: Apache-2.0
#include "tint/base/unicode.h"

#include <gmock/gmock.h>

#include "tint/base/text.h"

namespace tint {
namespace {

// The boundary cases of Unicode 15, table 3-7.
TEST(IsValidUtf8, FollowsTheTable) {
  for (const char* good : {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(IsValidUtf8(good)) << Quote(good);
  }
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80", "\xef\xbf",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(IsValidUtf8(bad)) << Quote(bad);
  }
}

TEST(DecodeUtf8, FindsTheFirstCharacter) {
  EXPECT_EQ(DecodeUtf8("").length, 0u);
  EXPECT_EQ(DecodeUtf8("az").code_point, U'a');
  EXPECT_EQ(DecodeUtf8("\xc3\xa4z").code_point, 0xE4u);
  EXPECT_EQ(DecodeUtf8("\xe2\x82\xacz").length, 3u);
  EXPECT_EQ(DecodeUtf8("\xf0\x9f\x98\x80").code_point, 0x1F600u);
  EXPECT_EQ(DecodeUtf8("\xe2\x82").length, 0u) << "half a character";
}

// The rule for names of classes and files: it decides which are accepted, so it is pinned for every character.
TEST(ReordersText, IsTrueOfTheseAlone) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    const bool expected = (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
    ASSERT_EQ(ReordersText(c), expected) << std::hex << static_cast<uint32_t>(c);
    ASSERT_EQ(IsControl(c), c < 0x20 || (c >= 0x7F && c < 0xA0)) << std::hex << static_cast<uint32_t>(c);
  }
}

TEST(IsInvisible, HoldsOfWhatATerminalDoesNotShow) {
  for (const char32_t c :
       {0x00, 0x1B, 0x7F, 0x85, 0xAD, 0x200B, 0x200D, 0x200F, 0x2028, 0x202E, 0x2060, 0x2064, 0x206F, 0xFEFF, 0xE0041})
    EXPECT_TRUE(IsInvisible(c)) << std::hex << static_cast<uint32_t>(c);
  for (const char32_t c : {0x20, 0x41, 0xA0, 0xE4, 0x0600, 0x20AC, 0x2027, 0x202F, 0x65E5, 0xFE0F, 0x1F600})
    EXPECT_FALSE(IsInvisible(c)) << std::hex << static_cast<uint32_t>(c);
}

TEST(PrintableCharacter, EscapesWhatCannotBeShown) {
  EXPECT_EQ(PrintableCharacter("\n").text, "\\n");
  EXPECT_EQ(PrintableCharacter("\tz").text, "\\t");
  EXPECT_EQ(PrintableCharacter("\x1b[0m").text, "\\x1b");
  EXPECT_EQ(PrintableCharacter("\xff").text, "\\xff");
  EXPECT_EQ(PrintableCharacter("\xe2\x80\xaeq").text, "\\xe2\\x80\\xae");
  EXPECT_EQ(PrintableCharacter("\xe2\x80\xaeq").length, 3u);
  EXPECT_EQ(PrintableCharacter("\xe2\x80q").length, 1u) << "what is not UTF-8 is taken byte by byte";
  EXPECT_EQ(PrintableCharacter("\xc3\xa4q").text, "\xc3\xa4");
}

}  // namespace
}  // namespace tint

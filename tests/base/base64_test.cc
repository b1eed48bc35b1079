// SPDX-License-Identifier: Apache-2.0
#include "tint/base/base64.h"

#include <gtest/gtest.h>

namespace tint {
namespace {

// RFC 4648, section 10.
TEST(Base64, GivesTheExamplesOfItsStandard) {
  EXPECT_EQ(Base64(""), "");
  EXPECT_EQ(Base64("f"), "Zg==");
  EXPECT_EQ(Base64("fo"), "Zm8=");
  EXPECT_EQ(Base64("foo"), "Zm9v");
  EXPECT_EQ(Base64("foob"), "Zm9vYg==");
  EXPECT_EQ(Base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(Base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, EncodesEveryByte) {
  EXPECT_EQ(Base64(std::string("\x00\xff\x10\x80", 4)), "AP8QgA==");
  EXPECT_EQ(Base64(std::string(3000, '\xfb')), [] {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "+/v7";
    return text;
  }());
}

}  // namespace
}  // namespace tint

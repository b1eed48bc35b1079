// SPDX-License-Identifier: Apache-2.0
#include "tint/base/protobuf.h"

#include <gtest/gtest.h>

namespace tint {
namespace {

using namespace std::string_literals;

// protobuf.dev/programming-guides/encoding: field 1 = 150; field 2 = "testing"; field 3 = a message with field 1 = 150.
TEST(Protobuf, GivesTheExamplesOfItsGuide) {
  EXPECT_EQ(ProtobufNumber(1, 150), "\x08\x96\x01");
  EXPECT_EQ(ProtobufBytes(2, "testing"), "\x12\x07testing");
  EXPECT_EQ(ProtobufBytes(3, ProtobufNumber(1, 150)), "\x1a\x03\x08\x96\x01");
}

TEST(Protobuf, WritesNumbersFromTheirLowestByte) {
  EXPECT_EQ(LittleEndian(0x0102030405060708, 8), "\x08\x07\x06\x05\x04\x03\x02\x01");
  EXPECT_EQ(ProtobufDouble(1, 1.5), "\x09\x00\x00\x00\x00\x00\x00\xf8\x3f"s);
  EXPECT_EQ(ProtobufFloat(2, 0.25f), "\x15\x00\x00\x80\x3e"s);
  EXPECT_EQ(ProtobufNumber(1, ~uint64_t{0}), "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
}

}  // namespace
}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/report/event_file.h"

#include <gmock/gmock.h>

#include <boost/crc.hpp>
#include <string>

#include "tint/base/protobuf.h"

namespace tint {
namespace {

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

uint32_t Unmasked(uint32_t masked) {
  const uint32_t turned = masked - 0xa282ead8u;
  return (turned >> 17) | (turned << 15);
}

// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.
TEST(MaskedCrc32c, IsCastagnolis) {
  EXPECT_EQ(Unmasked(MaskedCrc32c("123456789")), 0xe3069283u);
  EXPECT_EQ(Unmasked(MaskedCrc32c(std::string(32, '\0'))), 0x8a9136aau);
  EXPECT_EQ(Unmasked(MaskedCrc32c(std::string(32, '\xff'))), 0x62a8ab43u);
}

// What RecordWriter of the Python package tensorboard 2.21.0 writes for Event(file_version="brain.Event:2") and
// Event(wall_time=1.5, step=300, summary=Summary(value=[Value(tag="distill/loss/base", simple_value=0.25)])).
TEST(EventFile, HasTheBytesOfTensorBoardsOwnWriter) {
  const Curve curve{.stage = "distill", .name = "loss/base", .steps = {300}, .values = {0.25}, .wall_time = 1.5};
  EXPECT_EQ(Hex(EventFile({curve})),
            "0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129"
            "2800000000000000ff70164a09000000000000f83f10ac022a1a0a180a1164697374696c6c2f6c6f73732f62617365150000803e"
            "64f0a9e6");
}

TEST(EventFile, HoldsARecordForEveryValue) {
  Curve curve{.stage = "textual-inversion", .class_name = "red-disc", .name = "loss", .wall_time = 1.7e9};
  for (int k = 1; k <= 1000; ++k) {
    curve.steps.push_back(k);
    curve.values.push_back(1.0 / k);
  }
  const std::string file = EventFile({curve, curve});
  size_t records = 0;
  for (size_t at = 0; at < file.size(); ++records) {
    ASSERT_GE(file.size() - at, 16u);
    uint64_t size = 0;
    for (size_t i = 0; i < 8; ++i) size |= uint64_t{static_cast<unsigned char>(file[at + i])} << (8 * i);
    ASSERT_LE(size, 200u);
    const std::string_view length = std::string_view(file).substr(at, 8),
                           bytes = std::string_view(file).substr(at + 12, size);
    EXPECT_EQ(file.substr(at + 8, 4), LittleEndian(MaskedCrc32c(length), 4));
    EXPECT_EQ(file.substr(at + 12 + size, 4), LittleEndian(MaskedCrc32c(bytes), 4));
    if (records > 0) {
      EXPECT_THAT(std::string(bytes), ::testing::HasSubstr("textual-inversion/loss/red-disc"));
    }
    at += 16 + size;
  }
  EXPECT_EQ(records, 2001u);
}

}  // namespace
}  // namespace tint

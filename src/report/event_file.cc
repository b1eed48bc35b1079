// SPDX-License-Identifier: Apache-2.0
#include "tint/report/event_file.h"

#include <boost/crc.hpp>

#include "tint/base/error.h"
#include "tint/base/protobuf.h"

namespace tint {
namespace {

// Castagnoli's polynomial, bits reflected, as RFC 3720 has it.
using Crc32c = boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true>;

// Fields of tensorflow.Event and tensorflow.Summary.Value.
constexpr uint64_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
constexpr uint64_t kValue = 1, kTag = 1, kSimpleValue = 2;

std::string ScalarEvent(double wall_time, int64_t step, const std::string& tag, double value) {
  std::string event = wall_time == 0 ? "" : ProtobufDouble(kWallTime, wall_time);
  if (step != 0) event += ProtobufNumber(kStep, static_cast<uint64_t>(step));
  const std::string one = ProtobufBytes(kTag, tag) + ProtobufFloat(kSimpleValue, static_cast<float>(value));
  return event + ProtobufBytes(kSummary, ProtobufBytes(kValue, one));
}

}  // namespace

uint32_t MaskedCrc32c(std::string_view bytes) {
  Crc32c crc;
  crc.process_bytes(bytes.data(), bytes.size());
  const uint32_t plain = crc.checksum();
  return ((plain >> 15) | (plain << 17)) + 0xa282ead8u;
}

std::string TfRecord(std::string_view bytes) {
  const std::string length = LittleEndian(bytes.size(), 8);
  return length + LittleEndian(MaskedCrc32c(length), 4) + std::string(bytes) + LittleEndian(MaskedCrc32c(bytes), 4);
}

std::string EventFile(const std::vector<Curve>& curves) {
  std::string file = TfRecord(ProtobufBytes(kFileVersion, "brain.Event:2"));
  for (const Curve& curve : curves) {
    TINT_CHECK_EQ(curve.steps.size(), curve.values.size()) << "in curve " << curve.name;
    const std::string tag = curve.stage + "/" + curve.name + (curve.class_name.empty() ? "" : "/" + curve.class_name);
    for (size_t k = 0; k < curve.steps.size(); ++k)
      file += TfRecord(ScalarEvent(curve.wall_time, curve.steps[k], tag, curve.values[k]));
  }
  return file;
}

}  // namespace tint

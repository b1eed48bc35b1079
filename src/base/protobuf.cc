// SPDX-License-Identifier: Apache-2.0
#include "tint/base/protobuf.h"

#include <bit>

namespace tint {
namespace {

std::string Varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>((value & 0x7f) | 0x80);
  return bytes + static_cast<char>(value);
}

}  // namespace

std::string LittleEndian(uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xff);
  return bytes;
}

std::string ProtobufNumber(uint64_t field, uint64_t value) { return Varint(field << 3) + Varint(value); }

std::string ProtobufDouble(uint64_t field, double value) {
  return Varint(field << 3 | 1) + LittleEndian(std::bit_cast<uint64_t>(value), 8);
}

std::string ProtobufBytes(uint64_t field, std::string_view bytes) {
  return Varint(field << 3 | 2) + Varint(bytes.size()) + std::string(bytes);
}

std::string ProtobufFloat(uint64_t field, float value) {
  return Varint(field << 3 | 5) + LittleEndian(std::bit_cast<uint32_t>(value), 4);
}

}  // namespace tint

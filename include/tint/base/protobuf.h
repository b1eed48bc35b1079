// SPDX-License-Identifier: Apache-2.0
// The few bytes of protobuf's wire format that are written here: LibTorch contains a libprotobuf whose
// symbols would be taken for the system's, so no program of ours links another.
// protobuf.dev/programming-guides/encoding
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tint {

// One field each, tag and value, to be put one after another. proto3 leaves out a scalar that is 0: callers do too.
std::string ProtobufNumber(uint64_t field, uint64_t value);         // wire type 0: varint
std::string ProtobufDouble(uint64_t field, double value);           // wire type 1: 8 bytes, little-endian
std::string ProtobufBytes(uint64_t field, std::string_view bytes);  // wire type 2: length and bytes; a message too
std::string ProtobufFloat(uint64_t field, float value);             // wire type 5: 4 bytes, little-endian

// `size` bytes of `value`, the lowest first.
std::string LittleEndian(uint64_t value, int size);

}  // namespace tint

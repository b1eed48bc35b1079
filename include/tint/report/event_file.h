// SPDX-License-Identifier: Apache-2.0
// TensorBoard's event files: scalars in a TFRecord file.
//
// A record is the length (8 bytes), the masked CRC32C of these 8 bytes, the bytes, and their masked CRC32C; all numbers
// little-endian. Masked: ((crc >> 15) | (crc << 17)) + 0xa282ead8, so that a checksum of bytes that hold checksums
// stays useful (tensorflow/core/lib/io/record_writer.h, lib/hash/crc32c.h). The bytes are an Event message
// (tensorflow/core/util/event.proto).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tint/report/curve.h"

namespace tint {

uint32_t MaskedCrc32c(std::string_view bytes);
std::string TfRecord(std::string_view bytes);

// A whole file: the version, then every value of every curve as a scalar named "<stage>/<name>/<class>". TensorBoard
// takes any name that holds "tfevents". Values are float32 there; JSONL has all digits. The same curves give the same
// bytes.
std::string EventFile(const std::vector<Curve>& curves);

}  // namespace tint

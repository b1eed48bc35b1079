// SPDX-License-Identifier: Apache-2.0
// The dtypes that both the format and LibTorch know.
#pragma once

#include <c10/core/ScalarType.h>

#include <bit>
#include <string_view>

namespace tint::internal {

// Names: safetensors' source, enum Dtype. Its kinds of 4 and 6 bits and F8_E8M0 have no place in our files.
struct SafetensorsDtype {
  std::string_view name;
  c10::ScalarType dtype;
  int64_t bytes;
};
inline constexpr SafetensorsDtype kSafetensorsDtypes[] = {
    {"BOOL", c10::ScalarType::Bool, 1},
    {"U8", c10::ScalarType::Byte, 1},
    {"I8", c10::ScalarType::Char, 1},
    {"F8_E5M2", c10::ScalarType::Float8_e5m2, 1},
    {"F8_E4M3", c10::ScalarType::Float8_e4m3fn, 1},
    {"I16", c10::ScalarType::Short, 2},
    {"U16", c10::ScalarType::UInt16, 2},
    {"F16", c10::ScalarType::Half, 2},
    {"BF16", c10::ScalarType::BFloat16, 2},
    {"I32", c10::ScalarType::Int, 4},
    {"U32", c10::ScalarType::UInt32, 4},
    {"F32", c10::ScalarType::Float, 4},
    {"C64", c10::ScalarType::ComplexFloat, 8},
    {"F64", c10::ScalarType::Double, 8},
    {"I64", c10::ScalarType::Long, 8},
    {"U64", c10::ScalarType::UInt64, 8},
};

inline constexpr std::string_view kMetadataKey = "__metadata__";
inline constexpr size_t kLengthBytes = 8;  // the header's length, before the header

// Tensors are copied byte by byte.
static_assert(std::endian::native == std::endian::little, "the format is little-endian");

}  // namespace tint::internal

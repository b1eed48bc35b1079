// SPDX-License-Identifier: Apache-2.0
// The safetensors format (github.com/huggingface/safetensors), written and read strictly.
//
// File = u64 little-endian header length, JSON header, data. Tensors cover the data exactly, without hole or overlap.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tint {

using NamedTensors = std::map<std::string, at::Tensor>;

struct SafetensorsLimits {
  uint64_t max_header_bytes = 1 << 20;  // 100 MB for models
  uint64_t max_tensors = 10'000;
};

// Deterministic: tensors sorted by falling alignment of the dtype, then by name; header padded with blanks to a
// multiple of 8. Tensors are made contiguous and moved to the CPU. `metadata` goes under "__metadata__"; {"format",
// "pt"} is what diffusers and transformers expect.
std::string SerializeSafetensors(const NamedTensors& tensors,
                                 const std::map<std::string, std::string>& metadata = {{"format", "pt"}});

// Throws Error(kCorrupt) naming `file`, the tensor and the field for anything the format forbids: header of 0 bytes or
// over the limit, no JSON, duplicate keys, unknown dtype, negative, overlapping or holed offsets, size that does not
// match the shape (with overflow checks), trailing bytes. Costs at most the file's own size in memory.
NamedTensors ParseSafetensors(std::string_view bytes, const std::string& file, SafetensorsLimits limits = {});

// The tensor of that name with exactly this shape (-1 = any) and dtype, all finite; else Error(kCorrupt).
at::Tensor RequireTensor(const NamedTensors& tensors, const std::string& name, c10::IntArrayRef shape,
                         at::ScalarType dtype, const std::string& file);

}  // namespace tint

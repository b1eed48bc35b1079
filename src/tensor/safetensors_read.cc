// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "safetensors_dtypes.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/tensor/checks.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

using internal::SafetensorsDtype;

constexpr int64_t kMaxDimensions = 64;     // LibTorch's limit for most operators
constexpr int kHeaderDepth = 3;            // header, tensor, shape
constexpr uint64_t kValuesPerTensor = 16;  // its object, dtype, shape, offsets, with room for ten dimensions
constexpr uint64_t kMostMetadataValues = 4096;
constexpr auto kCode = ExitCode::kCorrupt;

struct Entry {
  std::string name;
  std::string pointer;  // of its description in the header
  const SafetensorsDtype* dtype = nullptr;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

std::string Pointer(const std::string& name) { return (Json::json_pointer() / name).to_string(); }

const SafetensorsDtype* ReadDtype(const JsonDocument& header, const std::string& pointer) {
  const std::string name = RequireString(header, pointer + "/dtype", kCode);
  for (const SafetensorsDtype& known : internal::kSafetensorsDtypes) {
    if (known.name == name) return &known;
  }
  header.Fail(kCode, pointer + "/dtype", "is " + Quote(name, 40), "a dtype such as F32, F16, BF16, I64");
}

std::vector<int64_t> ReadShape(const JsonDocument& header, const std::string& pointer) {
  const std::string place = pointer + "/shape";
  const size_t dimensions = RequireArray(header, place, kCode).size();
  if (dimensions > static_cast<size_t>(kMaxDimensions)) {
    header.Fail(kCode, place, "has " + std::to_string(dimensions) + " dimensions",
                "at most " + std::to_string(kMaxDimensions));
  }
  std::vector<int64_t> shape;
  for (size_t i = 0; i < dimensions; ++i) {
    shape.push_back(RequireInteger(header, place + "/" + std::to_string(i), 0, INT64_MAX, kCode));
  }
  return shape;
}

// Bytes that the shape takes. Sizes of 0 do not excuse others whose product overflows: LibTorch computes strides of
// them.
uint64_t SizeOf(const JsonDocument& header, const Entry& entry) {
  int64_t bytes = entry.dtype->bytes;
  bool empty = false;
  for (int64_t size : entry.shape) {
    empty = empty || size == 0;
    if (size != 0 && __builtin_mul_overflow(bytes, size, &bytes)) {
      header.Fail(kCode, entry.pointer + "/shape", "is larger than any file", "sizes whose product fits 63 bits");
    }
  }
  return empty ? 0 : static_cast<uint64_t>(bytes);
}

// The header without its other tensors: looking members up in all of it would cost the square of their number.
JsonDocument Only(const JsonDocument& header, const std::string& name, const Json& value) {
  JsonDocument part{.file = header.file, .root = Json::object(), .positions = {}};
  part.root[name] = value;
  const std::string pointer = Pointer(name), inside = pointer + "/";
  if (const auto at = header.positions.find(pointer); at != header.positions.end()) part.positions.insert(*at);
  auto at = header.positions.lower_bound(inside);
  for (; at != header.positions.end() && at->first.starts_with(inside); ++at) part.positions.insert(*at);
  return part;
}

Entry ReadEntry(const JsonDocument& header, const std::string& name, uint64_t data_bytes) {
  Entry entry{.name = name, .pointer = Pointer(name), .shape = {}};
  RejectUnknownKeys(header, entry.pointer, {"dtype", "shape", "data_offsets"}, kCode);
  entry.dtype = ReadDtype(header, entry.pointer);
  entry.shape = ReadShape(header, entry.pointer);
  const std::string place = entry.pointer + "/data_offsets";
  const size_t count = RequireArray(header, place, kCode).size();
  if (count != 2) header.Fail(kCode, place, "has " + std::to_string(count) + " numbers", "[begin, end]");
  const auto last = static_cast<int64_t>(data_bytes);
  entry.begin = static_cast<uint64_t>(RequireInteger(header, place + "/0", 0, last, kCode));
  entry.end =
      static_cast<uint64_t>(RequireInteger(header, place + "/1", static_cast<int64_t>(entry.begin), last, kCode));
  const uint64_t size = SizeOf(header, entry);
  if (entry.end - entry.begin != size) {
    header.Fail(kCode, place, "spans " + std::to_string(entry.end - entry.begin) + " bytes",
                std::to_string(size) + " for its shape and dtype");
  }
  return entry;
}

void CheckMetadata(const JsonDocument& header) {
  const std::string pointer = Pointer(std::string(internal::kMetadataKey));
  for (const auto& member : RequireObject(header, pointer, kCode).items()) {
    if (member.value().is_string()) continue;
    header.Fail(kCode, pointer + Pointer(member.key()), "is not a string", "a string");
  }
}

// Every byte of the data belongs to exactly one tensor.
void CheckCover(const JsonDocument& header, std::vector<Entry>* entries, uint64_t data_bytes) {
  std::sort(entries->begin(), entries->end(),
            [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  uint64_t covered = 0;
  for (const Entry& entry : *entries) {
    if (entry.begin != covered) {
      header.Fail(kCode, entry.pointer + "/data_offsets", "begins at " + std::to_string(entry.begin),
                  std::to_string(covered) +
                      (entry.begin < covered ? ", as tensors may not overlap" : ", as no byte may be left out"));
    }
    covered = entry.end;
  }
  if (covered == data_bytes) return;
  Fail(kCode, {.file = header.file,
               .field = "data",
               .found = std::to_string(data_bytes - covered) + " bytes after the last tensor",
               .expected = "none"});
}

at::Tensor Copy(const JsonDocument& header, const Entry& entry, std::string_view data) {
  const std::string_view bytes = data.substr(entry.begin, entry.end - entry.begin);
  if (entry.dtype->dtype == c10::ScalarType::Bool) {
    for (char byte : bytes) {
      if (byte != 0 && byte != 1)
        header.Fail(kCode, entry.pointer, "contains a BOOL that is neither 0 nor 1", "0 or 1");
    }
  }
  at::Tensor tensor = at::empty(entry.shape, at::TensorOptions().dtype(entry.dtype->dtype));
  if (!bytes.empty()) std::memcpy(tensor.mutable_data_ptr(), bytes.data(), bytes.size());
  return tensor;
}

// The header's text, by the length before it.
std::string_view HeaderText(std::string_view bytes, const std::string& file, uint64_t limit) {
  auto refuse = [&file](const std::string& found, const std::string& expected) {
    Fail(kCode, {.file = file, .field = "header", .found = found, .expected = expected});
  };
  if (bytes.size() < internal::kLengthBytes)
    refuse("the file has " + std::to_string(bytes.size()) + " bytes", "8 or more");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  const uint64_t room = bytes.size() - internal::kLengthBytes;
  if (length == 0) refuse("has the length 0", "a JSON object");
  if (length > limit) refuse("has the length " + std::to_string(length), "at most " + std::to_string(limit) + " bytes");
  if (length > room)
    refuse("has the length " + std::to_string(length), "at most the " + std::to_string(room) + " bytes that follow");
  const std::string_view text = bytes.substr(internal::kLengthBytes, length);
  if (text[0] != '{') refuse("begins with " + Quote(text.substr(0, 1)), "{");
  return text;
}

}  // namespace

NamedTensors ParseSafetensors(std::string_view bytes, const std::string& file, SafetensorsLimits limits) {
  const std::string_view text = HeaderText(bytes, file, limits.max_header_bytes);
  const std::string_view data = bytes.substr(internal::kLengthBytes + text.size());
  JsonLimits json_limits{.max_bytes = limits.max_header_bytes, .max_depth = kHeaderDepth};
  json_limits.max_values = limits.max_tensors * kValuesPerTensor + kMostMetadataValues;
  const JsonDocument header = ParseJson(text, file, kCode, json_limits);
  std::vector<Entry> entries;
  for (const auto& member : header.root.items()) {
    if (member.key() == internal::kMetadataKey) {
      CheckMetadata(header);
    } else if (entries.size() >= limits.max_tensors) {
      header.Fail(kCode, Pointer(member.key()), "exceeds the number of tensors",
                  "at most " + std::to_string(limits.max_tensors));
    } else {
      entries.push_back(ReadEntry(Only(header, member.key(), member.value()), member.key(), data.size()));
    }
  }
  CheckCover(header, &entries, data.size());
  NamedTensors tensors;
  for (const Entry& entry : entries) tensors.emplace(entry.name, Copy(header, entry, data));
  return tensors;
}

at::Tensor RequireTensor(const NamedTensors& tensors, const std::string& name, c10::IntArrayRef shape,
                         at::ScalarType dtype, const std::string& file) {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    Fail(kCode, {.file = file, .field = name, .found = "is missing", .expected = "a tensor of this name"});
  }
  try {
    CheckDtype(found->second, dtype, name);
    CheckShape(found->second, shape, name);
    CheckFinite(found->second, name);
  } catch (const Error& error) {
    Fail(kCode, Quote(file, 4096) + ": " + error.what());
  }
  return found->second;
}

}  // namespace tint

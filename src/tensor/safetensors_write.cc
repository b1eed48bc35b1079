// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "safetensors_dtypes.h"
#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

using internal::SafetensorsDtype;

struct WrittenTensor {
  std::string name;
  at::Tensor tensor;  // contiguous, on the CPU
  const SafetensorsDtype* dtype;
  uint64_t begin = 0;
  uint64_t end = 0;
};

const SafetensorsDtype* FindDtype(const at::Tensor& tensor, const std::string& name) {
  for (const SafetensorsDtype& known : internal::kSafetensorsDtypes) {
    if (known.dtype == tensor.scalar_type()) return &known;
  }
  Fail(ExitCode::kInternal, {.field = name,
                             .found = std::string("has the dtype ") + c10::toString(tensor.scalar_type()),
                             .expected = "one that safetensors knows"});
}

std::vector<WrittenTensor> InFileOrder(const NamedTensors& tensors) {
  std::vector<WrittenTensor> entries;
  for (const auto& [name, tensor] : tensors) {
    TINT_CHECK(tensor.defined()) << name;
    TINT_CHECK(name != internal::kMetadataKey);
    // A lazy conjugate or negative is a mark on the tensor, not in its memory.
    const at::Tensor plain = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous();
    entries.push_back({.name = name, .tensor = plain, .dtype = FindDtype(plain, name)});
  }
  // Stable: names stay in the map's order.
  std::stable_sort(entries.begin(), entries.end(),
                   [](const WrittenTensor& a, const WrittenTensor& b) { return a.dtype->bytes > b.dtype->bytes; });
  uint64_t at = 0;
  for (WrittenTensor& entry : entries) {
    entry.begin = at;
    at += static_cast<uint64_t>(entry.tensor.numel() * entry.dtype->bytes);
    entry.end = at;
  }
  return entries;
}

std::string Header(const std::vector<WrittenTensor>& entries, const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  auto& members = header.get_ref<Json::object_t&>();
  if (!metadata.empty()) header[std::string(internal::kMetadataKey)] = metadata;
  for (const WrittenTensor& entry : entries) {
    // Straight to the vector below: the ordered map would search all members for each new one.
    members.Json::object_t::Container::emplace_back(entry.name, Json{{"dtype", entry.dtype->name},
                                                                     {"shape", entry.tensor.sizes().vec()},
                                                                     {"data_offsets", {entry.begin, entry.end}}});
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data begin at a multiple of 8
  return text;
}

}  // namespace

std::string SerializeSafetensors(const NamedTensors& tensors, const std::map<std::string, std::string>& metadata) {
  const std::vector<WrittenTensor> entries = InFileOrder(tensors);
  const std::string header = Header(entries, metadata);
  const uint64_t length = header.size();
  std::string out(internal::kLengthBytes, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  out.reserve(internal::kLengthBytes + header.size() + (entries.empty() ? 0 : entries.back().end));
  out += header;
  for (const WrittenTensor& entry : entries) {
    if (entry.begin == entry.end) continue;  // an empty tensor may have no memory at all
    out.append(static_cast<const char*>(entry.tensor.const_data_ptr()), entry.end - entry.begin);
  }
  return out;
}

}  // namespace tint

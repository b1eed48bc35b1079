// SPDX-License-Identifier: Apache-2.0
#include "tint/inversion/embedding_file.h"

#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "tint/base/error.h"
#include "tint/base/text.h"
#include "tint/base/unicode.h"
#include "tint/tensor/dtype.h"
#include "tint/tensor/safetensors.h"

namespace tint {
namespace {

constexpr char kA1111Key[] = "emb_params";
constexpr char kOneTrainerKey[] = "emp_params";
constexpr char kOneTrainerOutputKey[] = "emp_params_out";
// Keys by which readers recognise a layout: a word must not have such a name.
constexpr const char* kReservedKeys[] = {"emb_params", "emp_params", "emp_params_out",  "clip_l",
                                         "clip_g",     "*",          "string_to_param", "__metadata__"};
constexpr char kExpected[] = "one tensor [n, D]: {\"<word>\"}, {\"emb_params\"} or {\"emp_params\"}";

[[noreturn]] void FailFile(const std::string& file, const std::string& field, const std::string& found,
                           const std::string& expected, const std::string& remedy = "") {
  Fail(ExitCode::kBadInput, {.file = file, .field = field, .found = found, .expected = expected, .remedy = remedy});
}

// A safetensors file may begin as a pickle does: with a header of 128 bytes, say. Its length decides.
bool BeginsAsSafetensors(const std::string& bytes) {
  uint64_t length = 0;
  if (bytes.size() <= sizeof length) return false;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length <= bytes.size() - sizeof length && bytes[sizeof length] == '{';
}

void CheckNotPickle(const std::string& bytes, const std::string& file) {
  if (BeginsAsSafetensors(bytes)) return;
  const bool pickle = bytes.starts_with('\x80') || bytes.starts_with("PK\x03\x04");
  if (!pickle) return;
  Fail(ExitCode::kUntrusted,
       {.file = file,
        .found = "is a pickle (.pt, .bin, .ckpt), which runs code when it is opened",
        .expected = "a safetensors file",
        .remedy = "Convert it with scripts/convert_embedding.py; in a sandbox if it is from an untrusted source."});
}

// In an artifact of tint these errors mean damage, in a file from elsewhere bad input.
NamedTensors Parse(const std::string& bytes, const std::string& file) {
  CheckNotPickle(bytes, file);
  try {
    return ParseSafetensors(bytes, file, {.max_header_bytes = 10 << 20});
  } catch (const Error& error) {
    if (error.code() != ExitCode::kCorrupt) throw;
    throw Error(ExitCode::kBadInput, error.what());
  }
}

void CheckKind(const NamedTensors& tensors, const std::string& file) {
  for (const char* key : {"clip_g", "clip_l"}) {
    if (tensors.contains(key))
      FailFile(file, key, "is an embedding for Stable Diffusion XL", "one made for Stable Diffusion 1.x");
  }
  // OneTrainer then writes zeros as emp_params: without the output vectors, images would show nothing of what was
  // learned.
  if (tensors.contains(kOneTrainerOutputKey))
    FailFile(file, kOneTrainerOutputKey, "stands for the text encoder's output", "vectors for its input (emp_params)",
             "Train it in OneTrainer without \"output embedding\".");
}

const NamedTensors::value_type& TheOnlyOne(const NamedTensors& tensors, const std::string& file) {
  const NamedTensors::value_type* only = nullptr;
  std::vector<std::string> names;
  for (const auto& entry : tensors) {
    if (entry.second.dim() == 0) continue;
    names.push_back(Quote(entry.first, 60));
    only = &entry;
  }
  constexpr size_t kShown = 5;
  const size_t count = names.size();
  if (count > kShown) names.resize(kShown);
  const std::string found = count == 0 ? "none" : std::to_string(count) + ": " + Join(names, ", ");
  if (count != 1) FailFile(file, "tensors", found + (count > kShown ? ", ..." : ""), kExpected);
  return *only;
}

std::string Shape(const at::Tensor& tensor) {
  std::vector<std::string> sizes;
  for (const int64_t size : tensor.sizes()) sizes.push_back(std::to_string(size));
  return "[" + Join(sizes, ", ") + "]";
}

void CheckWidth(const at::Tensor& vectors, const std::string& file, const std::string& key, int64_t width) {
  if (width == kAnyEmbeddingWidth || vectors.size(1) == width) return;
  std::string made_for;
  if (vectors.size(1) == 768) made_for = " (made for Stable Diffusion 1.x?)";
  if (vectors.size(1) == 1024) made_for = " (made for Stable Diffusion 2.x?)";
  if (vectors.size(1) == 1280) made_for = " (made for Stable Diffusion XL?)";
  FailFile(file, key, "has the width " + std::to_string(vectors.size(1)) + made_for,
           std::to_string(width) + ", the width of this model's text encoder",
           "Take an embedding that was learned with this model.");
}

// [D] or [n, D] of a floating dtype -> float32 [n, D].
at::Tensor ToVectors(const at::Tensor& tensor, const std::string& file, const std::string& key, int64_t width) {
  constexpr at::ScalarType kFloating[] = {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble};
  if (std::find(std::begin(kFloating), std::end(kFloating), tensor.scalar_type()) == std::end(kFloating))
    FailFile(file, key, "is " + DtypeName(tensor.scalar_type()), "float32, float16, bfloat16 or float64");
  const bool fits = tensor.dim() == 1 || tensor.dim() == 2;
  if (!fits || tensor.numel() == 0) FailFile(file, key, "has the shape " + Shape(tensor), "[n, D] or [D], not empty");
  at::Tensor vectors = (tensor.dim() == 1 ? tensor.unsqueeze(0) : tensor).to(at::kFloat).contiguous();
  CheckWidth(vectors, file, key, width);
  if (vectors.size(0) > kMaxEmbeddingVectors)
    FailFile(file, key, "has " + std::to_string(vectors.size(0)) + " vectors",
             "at most " + std::to_string(kMaxEmbeddingVectors) + ", as many as a prompt has room for");
  const int64_t bad = vectors.numel() - at::isfinite(vectors).sum().item<int64_t>();
  if (bad > 0)
    FailFile(file, key, std::to_string(bad) + " of " + std::to_string(vectors.numel()) + " values are not finite",
             "numbers that float32 can hold");
  if (!vectors.ne(0).any(1).all().item<bool>()) FailFile(file, key, "has a vector of zeros", "learned vectors");
  return vectors;
}

}  // namespace

LearnedEmbedding ReadEmbedding(const std::string& bytes, const std::string& file, int64_t embedding_width) {
  const NamedTensors tensors = Parse(bytes, file);
  CheckKind(tensors, file);
  const auto& [key, tensor] = TheOnlyOne(tensors, file);
  LearnedEmbedding embedding;
  embedding.layout = key == kA1111Key ? "a1111" : key == kOneTrainerKey ? "onetrainer" : "diffusers";
  const bool named = embedding.layout == "diffusers" && key != "*";
  embedding.name = named ? key : std::filesystem::path(file).stem().string();
  embedding.vectors = ToVectors(tensor, file, Quote(key, 60), embedding_width);
  embedding.dtype = DtypeName(tensor.scalar_type());
  return embedding;
}

const std::vector<std::string>& EmbeddingLayouts() {
  static const std::vector<std::string> layouts = {"diffusers", "a1111"};
  return layouts;
}

std::string PlaceholderProblem(const std::string& placeholder) {
  if (placeholder.empty()) return "is empty";
  if (!IsValidUtf8(placeholder)) return "is not UTF-8";
  for (const char c : placeholder) {
    if (c == ' ') return "contains a space";
    if ((c >= 0 && c < ' ') || c == '\x7f') return "contains a control character";
  }
  const bool reserved =
      std::find(std::begin(kReservedKeys), std::end(kReservedKeys), placeholder) != std::end(kReservedKeys);
  return reserved ? "has another meaning in files of embeddings" : "";
}

std::string WriteEmbedding(const at::Tensor& vectors, const std::string& placeholder, const std::string& layout) {
  TINT_CHECK_EQ(vectors.dim(), 2);
  TINT_CHECK(vectors.is_floating_point()) << vectors.scalar_type();
  const at::Tensor plain = vectors.detach().to(at::kFloat);
  if (layout == "a1111") return SerializeSafetensors({{kA1111Key, plain}});
  TINT_CHECK_EQ(layout, "diffusers");
  TINT_CHECK(PlaceholderProblem(placeholder).empty()) << PlaceholderProblem(placeholder);
  return SerializeSafetensors({{placeholder, plain}});
}

}  // namespace tint

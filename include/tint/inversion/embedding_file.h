// SPDX-License-Identifier: Apache-2.0
// Learned words as files that other tools read and write (safetensors): docs/file-formats.md, Files that are given.
//
//   layout       tensors                          written by
//   diffusers    {"<placeholder>": [n, D] or [D]}  diffusers' textual_inversion.py, tint
//   a1111        {"emb_params": [n, D]}            kohya's sd-scripts; read by A1111, ComfyUI, kohya
//   onetrainer   {"emp_params": [n, D]} (sic)      OneTrainer
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

struct LearnedEmbedding {
  std::string name;  // diffusers: the key; else, or where the key is "*", the file's name without folder and extension
  at::Tensor vectors;  // [n, D] float32, finite, 1 <= n <= kMaxEmbeddingVectors, no row all zero
  std::string layout;  // "diffusers", "a1111", "onetrainer"
  std::string dtype;   // as found in the file: "float32", "float16", "bfloat16", "float64"
};

// CLIP's context of 77 tokens less its start and its end.
inline constexpr int64_t kMaxEmbeddingVectors = 75;
// For ReadFile: 75 vectors of any known width take less than 1 MiB; trainers add their settings as text.
inline constexpr uint64_t kMaxEmbeddingFileBytes = 32 << 20;
inline constexpr int64_t kAnyEmbeddingWidth = -1;

// `bytes` of `file` as an embedding whose rows have `embedding_width` numbers (D of the text encoder's token table).
// Error(kBadInput) naming file, tensor, what was found and expected: no safetensors; no layout of the above; several
// tensors that could be meant (scalars such as step counters are passed over); SDXL's pair clip_l and clip_g;
// OneTrainer's emp_params_out, whose vectors replace the text encoder's output, not its input; another width, with
// the model it may have been made for; a shape other than the above; values that are not finite; a row of zeros.
// Pickles (.pt, .bin, .ckpt) are Error(kUntrusted): they are never opened.
LearnedEmbedding ReadEmbedding(const std::string& bytes, const std::string& file, int64_t embedding_width);

// The file of `vectors` (floating point [n, D]; written as float32), the same bytes for the same values. `layout` is
// one of EmbeddingLayouts(). `placeholder` is the key in the layout diffusers; a1111 has no place for it: there the
// file's name is the word.
std::string WriteEmbedding(const at::Tensor& vectors, const std::string& placeholder, const std::string& layout);

// Layouts that can be written: "diffusers", "a1111".
const std::vector<std::string>& EmbeddingLayouts();

// Why `placeholder` cannot be one word of a prompt and the key of a file ("contains a space"), or "".
std::string PlaceholderProblem(const std::string& placeholder);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// A data set of drawn shapes with models written in C++, for which `tint specialize` has a known answer.
//
// Images: one coloured shape on a noisy grey ground; the class is shape and colour, the rest (place, size, ground,
// brightness) is chance. Models: an autoencoder that averages 8x8 blocks, a text encoder without weights, a denoiser
// that is exact for N(mu(context), s^2), and a teacher that looks at hues. So what each stage should do is known, and a
// stage that does not do it spoils the accuracy.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace tint::testing {

inline constexpr int64_t kShapeClasses = 5;      // of the task
inline constexpr int64_t kShapeBaseClasses = 8;  // further ones, for the base images

// "red-disc", ... ; class_idx counts the task's classes first, then the base ones.
std::string ShapeClassName(int64_t class_idx);

// uint8 [3, size, size]. Depends on (class_idx, index, seed) alone.
at::Tensor DrawShape(int64_t class_idx, int64_t index, uint64_t seed, int64_t size = 84);

struct ShapesWorldSize {
  int64_t shots = 5;
  int64_t queries = 40;      // a class
  int64_t base_images = 30;  // a class
  uint64_t seed = 1;
};

// FOLDER/support/<class>/, FOLDER/query/<class>/, FOLDER/base/<class>/ of PNGs, and FOLDER/models/ with models.json.
// `tokenizer` is the path of clip.model.
void WriteShapesWorld(const std::filesystem::path& folder, const std::filesystem::path& tokenizer,
                      const ShapesWorldSize& size);
// `still_steps` > 0: instead of the world's denoiser one under which every DDIM move between neighbouring timesteps of
// SamplerTimesteps(still_steps, TimestepSpacing::kTrailing) leaves the latents where they are, whatever the prompt.
void WriteShapesModels(const std::filesystem::path& folder, const std::filesystem::path& tokenizer,
                       int64_t still_steps = 0);

}  // namespace tint::testing

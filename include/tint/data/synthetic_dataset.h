// SPDX-License-Identifier: Apache-2.0
// The synthetic shapes data set, on which everything can be demonstrated without a download: 100 classes, each a shape
// with a surface pattern and a palette; position, size, rotation, light, clutter and background are random. It is
// written as folders of images in splits as miniImageNet's, and as a pool of other images of all classes, on which a
// diffusion model is trained.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tint {

struct SyntheticClass {
  int shape = 0, pattern = 0, palette = 0;  // indices into the tables below
  // Words joined by hyphens, such as "red-striped-star": the class's folder. "a photo of a red striped star" is its
  // caption.
  std::string Name() const;
};

const std::vector<std::string>& SyntheticShapes();
const std::vector<std::string>& SyntheticPatterns();
const std::vector<std::string>& SyntheticPalettes();

// "train": 64 classes, "val": 16, "test": 20, no class in two; "pool": all of them, in this order. Each word of the
// tables occurs in classes of train.
const std::vector<SyntheticClass>& SyntheticClasses(const std::string& split);

// uint8 [3, side, side], RGB; 128 must be a multiple of side. (seed, split, class_idx, index) determine
// the image; `side` is only its resolution.
at::Tensor RenderSyntheticImage(const std::string& split, int64_t class_idx, int64_t index, uint64_t seed,
                                int64_t side);

struct SyntheticDatasetOptions {
  std::vector<std::string> splits = {"train", "val", "test"};
  int64_t per_class = 600;
  int64_t side = 32;  // pixels
  uint64_t seed = 0;
};

struct SyntheticSplit {
  std::string split;
  int64_t classes = 0, images = 0;
  bool reused = false;  // it existed already, with the same options
};

// Writes FOLDER/<split>/<class>/<class>_<index>.png and FOLDER/drawn.json, which records the options. A split is
// written completely or not at all; an existing folder that was written with other options, or not by this function, is
// Error(kBadInput) and is not changed. `step` is called after each image, one call at a time, and may throw.
std::vector<SyntheticSplit> WriteSyntheticDataset(const std::filesystem::path& folder,
                                                  const SyntheticDatasetOptions& options,
                                                  const std::function<void()>& step = {});

}  // namespace tint

// A world of drawn images on which everything can be shown without a download: 100 classes, each a shape with a
// surface pattern and a palette; place, size, turn, light, clutter and ground are chance. Written as a data set in the
// form of miniImageNet's folders, and as a pool that a diffusion model is trained on, of other images of all the
// classes.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace tint {

struct SyntheticClass {
  int shape = 0, pattern = 0, palette = 0;  // rows of the tables below
  // Words joined by hyphens, such as "red-striped-star": the class's folder. "a photo of a red striped star" is its
  // caption.
  std::string Name() const;
};

const std::vector<std::string>& SyntheticShapes();
const std::vector<std::string>& SyntheticPatterns();
const std::vector<std::string>& SyntheticPalettes();

// "train": 64 classes, "val": 16, "test": 20, no class in two; "pool": all of them, in this order. Each word of the
// tables stands in classes of train.
const std::vector<SyntheticClass>& SyntheticClasses(const std::string& split);

// uint8 [3, side, side], RGB; 128 must be a multiple of side. The same image at any side: (seed, split, class_idx,
// index) say which.
at::Tensor DrawImage(const std::string& split, int64_t class_idx, int64_t index, uint64_t seed, int64_t side);

struct SyntheticDatasetOptions {
  std::vector<std::string> splits = {"train", "val", "test"};
  int64_t per_class = 600;
  int64_t side = 32;  // pixels
  uint64_t seed = 0;
};

struct SyntheticSplit {
  std::string split;
  int64_t classes = 0, images = 0;
  bool reused = false;  // it was there, with these very options
};

// FOLDER/<split>/<class>/<class>_<index>.png and FOLDER/drawn.json, which says from what. A split is there whole or not
// at all; one that was drawn with other options, or that is not this world's, is Error(kBadInput) and stays. `step` is
// told of each image, one at a time, and may throw.
std::vector<SyntheticSplit> DrawWorld(const std::filesystem::path& folder, const SyntheticDatasetOptions& options,
                                      const std::function<void()>& step = {});

}  // namespace tint

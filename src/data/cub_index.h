// SPDX-License-Identifier: Apache-2.0
// The lists of the official CUB-200-2011 folder (https://www.vision.caltech.edu/datasets/cub_200_2011/), and
// the classes of its splits.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace tint::internal {

// In pixels of the stored image, before any EXIF rotation; the origin is its upper left corner.
struct CubBox {
  double left = 0, top = 0, width = 0, height = 0;
  int line = 0;  // of bounding_boxes.txt
};

struct CubImage {
  std::string class_name, file;
  int line = 0;  // of images.txt
  CubBox box;    // if boxes were read
};

// images.txt, classes.txt, image_class_labels.txt and, if `with_boxes`, bounding_boxes.txt, checked for consistency.
// A contradiction: Error(kBadInput) with file and line.
std::vector<CubImage> ReadCubIndex(const std::filesystem::path& folder, bool with_boxes);

// The images of the split: by the lists in `lists` if there is one, else by the rule of CloserLook (classes in byte
// order, counted from 0: even ones train, i mod 4 = 1 val, i mod 4 = 3 test).
std::vector<CubImage> ChooseCubSplit(const std::vector<CubImage>& images, const std::filesystem::path& lists,
                                     const std::string& split);

}  // namespace tint::internal

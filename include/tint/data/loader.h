// Many images from a source into memory as bytes, decoded with all cores.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tint/data/dataset.h"
#include "tint/image/image.h"

namespace tint {

struct NamedFile {
  std::string class_name, file;
};

// All of a source, class by class.
std::vector<NamedFile> AllFiles(const ImageSource& source);

// Decodes each file as its data set says (ImageSource::Decode), squares it by centre crop, resizes to size x size by
// the antialias rule where it differs, and returns uint8 [M, 3, size, size] in the order asked for. The result does not
// depend on `workers` (0: one a processor). A bad image: Error(kBadInput).
at::Tensor LoadSquares(const ImageSource& source, const std::vector<NamedFile>& files, int64_t size, int workers = 0);

// Decoded one by one, at their own sizes.
std::vector<Image> LoadImages(const ImageSource& source, const std::vector<NamedFile>& files);

}  // namespace tint

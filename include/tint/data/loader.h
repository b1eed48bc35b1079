// SPDX-License-Identifier: Apache-2.0
// Loads many images of a source into memory, decoded on all cores.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tint/data/dataset.h"
#include "tint/image/decode.h"

namespace tint {

struct NamedFile {
  std::string class_name, file;
};

// All of a source, class by class.
std::vector<NamedFile> AllFiles(const ImageSource& source);

// Decodes each file as its data set says (ImageSource::Decode), squares it by centre crop, resizes to size x size by
// the antialias rule where it differs, and returns uint8 [M, 3, size, size] in the order of `files`. The result does
// not depend on `workers` (0: one per processor). A bad image: Error(kBadInput).
at::Tensor LoadSquares(const ImageSource& source, const std::vector<NamedFile>& files, int64_t size, int workers = 0);

// Decoded one by one, at their original sizes.
std::vector<DecodedImage> LoadImages(const ImageSource& source, const std::vector<NamedFile>& files);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/data/loader.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "tint/base/error.h"
#include "tint/base/log.h"
#include "tint/base/parallel.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"

namespace tint {
namespace {

// uint8 [3, size, size]
at::Tensor Square(const at::Tensor& pixels, int64_t size) {
  const at::Tensor square = CentreSquare(pixels);
  if (square.size(1) == size) return square.contiguous();
  return ToBytes(ResizeBilinearAntialias(ToUnitFloat(square.unsqueeze(0)), size, size)).squeeze(0).contiguous();
}

// Logs one line per kind of warning with the number of images that have it.
class WarningTally {
 public:
  void Add(const std::vector<std::string>& warnings, const ImageSource& source, const NamedFile& file) {
    for (const std::string& warning : warnings) {
      Kind& kind = kinds_[warning];
      if (kind.count++ == 0) kind.first = source.Describe(file.class_name, file.file);
    }
  }
  void Log() const {
    for (const auto& [warning, kind] : kinds_) {
      const std::string others = kind.count == 1 ? "" : " (and " + std::to_string(kind.count - 1) + " more images)";
      spdlog::warn("{}: {}{}", Quote(kind.first, 4096), warning, others);
    }
  }

 private:
  struct Kind {
    int64_t count = 0;
    std::string first;
  };
  std::map<std::string, Kind> kinds_;
};

}  // namespace

std::vector<NamedFile> AllFiles(const ImageSource& source) {
  std::vector<NamedFile> files;
  for (const std::string& class_name : source.Classes()) {
    for (const std::string& file : source.Files(class_name)) files.push_back({class_name, file});
  }
  return files;
}

at::Tensor LoadSquares(const ImageSource& source, const std::vector<NamedFile>& files, int64_t size, int workers) {
  TINT_CHECK_GE(size, 1);
  const auto count = static_cast<int64_t>(files.size());
  at::Tensor squares = at::empty({count, 3, size, size}, at::kByte);
  const auto bytes_each = static_cast<size_t>(3 * size * size);
  uint8_t* out = squares.data_ptr<uint8_t>();
  std::vector<std::vector<std::string>> warnings(files.size());
  ParallelFor(count, workers, [&](int64_t i) {
    ThrowIfStopRequested();
    DecodedImage image = source.Decode(files[i].class_name, files[i].file);
    const at::Tensor square = Square(image.pixels, size);
    TINT_CHECK(square.numel() == static_cast<int64_t>(bytes_each) && square.scalar_type() == at::kByte);
    std::memcpy(out + static_cast<size_t>(i) * bytes_each, square.data_ptr<uint8_t>(), bytes_each);
    warnings[i] = std::move(image.warnings);
  });
  WarningTally tally;
  for (size_t i = 0; i < files.size(); ++i) tally.Add(warnings[i], source, files[i]);
  tally.Log();
  return squares;
}

std::vector<DecodedImage> LoadImages(const ImageSource& source, const std::vector<NamedFile>& files) {
  std::vector<DecodedImage> images;
  WarningTally tally;
  for (const NamedFile& file : files) {
    images.push_back(source.Decode(file.class_name, file.file));
    tally.Add(images.back().warnings, source, file);
  }
  tally.Log();
  return images;
}

}  // namespace tint

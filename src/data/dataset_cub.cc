// SPDX-License-Identifier: Apache-2.0
// CUB-200-2011 from its official folder, cropped to the bounding boxes ("cub") or to the central square ("cub-center"),
// or uncropped and stretched to a square ("cub-none").
#include <fmt/format.h>

#include <cmath>

#include "cub_index.h"
#include "dataset_formats.h"
#include "path_source.h"
#include "tint/base/error.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"
#include "tint/image/resize.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

enum class Crop { kBox, kCentre, kNone };

Crop CropOf(const std::string& dataset) {
  if (dataset == "cub-center") return Crop::kCentre;
  return dataset == "cub-none" ? Crop::kNone : Crop::kBox;
}

// Uint8 [3, H, W] made square by a rule of MakeSquare.
at::Tensor Square(const at::Tensor& pixels, SquareRule rule) {
  return ToBytes(MakeSquare(ToUnitFloat(pixels.unsqueeze(0)), rule)).squeeze(0);
}

class CubSource : public PathSource {
 public:
  CubSource(const fs::path& folder, const Listing& listing, std::vector<fs::path> paths, std::vector<CubBox> boxes,
            Crop crop)
      : PathSource(folder, listing, std::move(paths)), boxes_(std::move(boxes)), crop_(crop) {}

  DecodedImage Decode(const std::string& class_name, const std::string& file) const override;
  std::string FileSha256(const std::string& class_name, const std::string& file) const override;

 private:
  at::Tensor CropToBox(const at::Tensor& pixels, const CubBox& box, const std::string& name) const;

  std::vector<CubBox> boxes_;
  Crop crop_;
};

DecodedImage CubSource::Decode(const std::string& class_name, const std::string& file) const {
  const std::string name = Describe(class_name, file);
  // The boxes are in pixels of the stored image, before EXIF rotation.
  const DecodeRules rules = {.apply_exif = crop_ != Crop::kBox};
  DecodedImage image = DecodeImage(ReadBytes(class_name, file), name, rules);
  if (crop_ == Crop::kBox) {
    image.pixels = CropToBox(image.pixels, boxes_[Find(class_name, file)], name);
  } else {
    image.pixels = Square(image.pixels, crop_ == Crop::kCentre ? SquareRule::kCrop : SquareRule::kStretch);
  }
  image.pixels = image.pixels.contiguous();
  image.pixel_sha256 = PixelSha256(image.pixels);
  return image;
}

std::string CubSource::FileSha256(const std::string& class_name, const std::string& file) const {
  std::string crop = crop_ == Crop::kCentre ? " center" : " none";
  if (crop_ == Crop::kBox) {
    const CubBox& box = boxes_[Find(class_name, file)];
    const std::string text = fmt::format(" bbox {:.2f} {:.2f} {:.2f} {:.2f}", box.left, box.top, box.width, box.height);
    crop = text;
  }
  return Sha256Hex(PathSource::FileSha256(class_name, file) + crop);
}

at::Tensor CubSource::CropToBox(const at::Tensor& pixels, const CubBox& box, const std::string& name) const {
  const int64_t height = pixels.size(1), width = pixels.size(2);
  // Edges may be up to a pixel outside, because of rounding.
  if (box.left + box.width > static_cast<double>(width) + 1 || box.top + box.height > static_cast<double>(height) + 1 ||
      box.left > static_cast<double>(width) - 1 || box.top > static_cast<double>(height) - 1) {
    const std::string text = fmt::format("the box {:g} {:g} {:g} {:g} exceeds its image of {} x {} pixels", box.left,
                                         box.top, box.width, box.height, width, height);
    Fail(ExitCode::kBadInput, {.file = location() / "bounding_boxes.txt",
                               .found = text + (", " + Quote(name)),
                               .expected = "a box inside it",
                               .remedy = "Correct the line, or use the data set cub-center, which needs no boxes",
                               .line = box.line});
  }
  const int64_t left = std::llround(box.left), top = std::llround(box.top);
  const int64_t right = std::min<int64_t>(std::llround(box.left + box.width), width);
  const int64_t bottom = std::min<int64_t>(std::llround(box.top + box.height), height);
  return pixels.slice(1, std::min(top, height - 1), bottom).slice(2, std::min(left, width - 1), right);
}

}  // namespace

std::unique_ptr<ImageSource> OpenCub(const fs::path& folder, const fs::path& lists, const std::string& dataset,
                                     const std::string& split) {
  const Crop crop = CropOf(dataset);
  const std::vector<CubImage> images = ChooseCubSplit(ReadCubIndex(folder, crop == Crop::kBox), lists, split);
  if (images.empty())
    Fail(ExitCode::kBadInput,
         {.file = folder, .field = split, .found = "has no classes", .expected = "at least one class"});
  Listing listing;
  std::vector<fs::path> paths;
  std::vector<CubBox> boxes;
  std::map<std::string, std::set<std::string>> existing;
  for (const CubImage& image : images) {
    const fs::path class_folder = folder / "images" / image.class_name;
    if (!existing.contains(image.class_name))
      existing[image.class_name] = NamesIn(class_folder, "Unpack CUB_200_2011.tgz again");
    if (!existing[image.class_name].contains(image.file))
      Fail(ExitCode::kBadInput, {.file = folder / "images.txt",
                                 .found = Quote(image.file) + " is not in " + Quote(class_folder.native()),
                                 .expected = "every image that the list names",
                                 .remedy = "Unpack CUB_200_2011.tgz again",
                                 .line = image.line});
    listing[image.class_name].emplace(image.file, paths.size());
    paths.push_back(class_folder / image.file);
    boxes.push_back(image.box);
  }
  return std::make_unique<CubSource>(folder, listing, std::move(paths), std::move(boxes), crop);
}

}  // namespace tint::internal

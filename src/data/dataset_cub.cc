// CUB-200-2011 from its official folder, cut to the bounding boxes ("cub"), to the central square ("cub-center"), or
// whole and squeezed to a square ("cub-none").
#include <cmath>
#include <cstdio>

#include "cub_index.h"
#include "dataset_formats.h"
#include "path_source.h"
#include "tint/base/error.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
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
at::Tensor Square(const at::Tensor& pixels, const std::string& rule) {
  return ToBytes(MakeSquare(ToUnitFloat(pixels.unsqueeze(0)), rule)).squeeze(0);
}

class CubSource : public PathSource {
 public:
  CubSource(const fs::path& folder, const Listing& listing, std::vector<fs::path> paths, std::vector<CubBox> boxes,
            Crop crop)
      : PathSource(folder, listing, std::move(paths)), boxes_(std::move(boxes)), crop_(crop) {}

  Image Decode(const std::string& class_name, const std::string& file) const override;
  std::string FileSha256(const std::string& class_name, const std::string& file) const override;

 private:
  at::Tensor CutBox(const at::Tensor& pixels, const CubBox& box, const std::string& name) const;

  std::vector<CubBox> boxes_;
  Crop crop_;
};

Image CubSource::Decode(const std::string& class_name, const std::string& file) const {
  const std::string name = Describe(class_name, file);
  // The boxes are told in pixels of the file as it lies, not as EXIF would turn it.
  const DecodeRules rules = {.apply_exif = crop_ != Crop::kBox};
  Image image = DecodeImage(ReadBytes(class_name, file), name, rules);
  if (crop_ == Crop::kBox) {
    image.pixels = CutBox(image.pixels, boxes_[Find(class_name, file)], name);
  } else {
    image.pixels = Square(image.pixels, crop_ == Crop::kCentre ? "crop" : "stretch");
  }
  image.pixels = image.pixels.contiguous();
  image.pixel_sha256 = PixelSha256(image.pixels);
  return image;
}

std::string CubSource::FileSha256(const std::string& class_name, const std::string& file) const {
  std::string cut = crop_ == Crop::kCentre ? " center" : " none";
  if (crop_ == Crop::kBox) {
    const CubBox& box = boxes_[Find(class_name, file)];
    char text[120];
    std::snprintf(text, sizeof text, " bbox %.2f %.2f %.2f %.2f", box.left, box.top, box.width, box.height);
    cut = text;
  }
  return Sha256Hex(PathSource::FileSha256(class_name, file) + cut);
}

at::Tensor CubSource::CutBox(const at::Tensor& pixels, const CubBox& box, const std::string& name) const {
  const int64_t height = pixels.size(1), width = pixels.size(2);
  // Edges may lie up to a pixel outside, as rounding leaves them.
  if (box.left + box.width > static_cast<double>(width) + 1 || box.top + box.height > static_cast<double>(height) + 1 ||
      box.left > static_cast<double>(width) - 1 || box.top > static_cast<double>(height) - 1) {
    char text[120];
    std::snprintf(text, sizeof text, "the box %g %g %g %g leaves its image of %lld x %lld pixels", box.left, box.top,
                  box.width, box.height, static_cast<long long>(width), static_cast<long long>(height));
    Fail(ExitCode::kBadInput, {.file = place() / "bounding_boxes.txt",
                               .found = text + (", " + Quote(name)),
                               .expected = "a box inside it",
                               .remedy = "Correct the line, or take the data set cub-center, which needs no boxes",
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
         {.file = folder, .field = split, .found = "has no classes", .expected = "classes of the split"});
  Listing listing;
  std::vector<fs::path> paths;
  std::vector<CubBox> boxes;
  std::map<std::string, std::set<std::string>> there;
  for (const CubImage& image : images) {
    const fs::path home = folder / "images" / image.class_name;
    if (!there.contains(image.class_name)) there[image.class_name] = NamesIn(home, "Unpack CUB_200_2011.tgz again");
    if (!there[image.class_name].contains(image.file))
      Fail(ExitCode::kBadInput, {.file = folder / "images.txt",
                                 .found = Quote(image.file) + " is not in " + Quote(home.native()),
                                 .expected = "every image that the list names",
                                 .remedy = "Unpack CUB_200_2011.tgz again",
                                 .line = image.line});
    listing[image.class_name].emplace(image.file, paths.size());
    paths.push_back(home / image.file);
    boxes.push_back(image.box);
  }
  return std::make_unique<CubSource>(folder, listing, std::move(paths), std::move(boxes), crop);
}

}  // namespace tint::internal

#include "tint/image/picture.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "picture_internal.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

std::string PixelSha256(const internal::Decoded& decoded) {
  Sha256 hash;
  hash.Update(std::to_string(decoded.height) + " " + std::to_string(decoded.width) + "\n");
  hash.Update(std::string_view(reinterpret_cast<const char*>(decoded.rgb.data()), decoded.rgb.size()));
  return hash.Hex();
}

bool ExtensionFits(const std::filesystem::path& path, const std::string& format) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  if (format == "png") return extension == ".png";
  return extension == ".jpg" || extension == ".jpeg" || extension == ".jpe" || extension == ".jfif";
}

}  // namespace

Picture DecodePicture(std::string_view bytes, const std::string& name, const PictureRules& rules) {
  if (bytes.size() > rules.max_bytes)
    internal::Refuse(name, FormatBytes(bytes.size()), "a file of at most " + FormatBytes(rules.max_bytes));
  const internal::Format format = internal::RecognizeFormat(bytes, name);
  internal::Decoded decoded = format == internal::Format::kJpeg ? internal::DecodeJpeg(bytes, name, rules)
                                                                : internal::DecodePng(bytes, name, rules);
  if (rules.apply_exif) internal::ApplyOrientation(&decoded);
  Picture picture;
  picture.format = format == internal::Format::kJpeg ? "jpeg" : "png";
  picture.file_sha256 = Sha256Hex(bytes);
  picture.pixel_sha256 = PixelSha256(decoded);
  const double longer = static_cast<double>(std::max(decoded.width, decoded.height));
  const double shorter = static_cast<double>(std::min(decoded.width, decoded.height));
  if (longer > rules.max_aspect * shorter)
    decoded.warnings.push_back("long: " + std::to_string(decoded.width) + " x " + std::to_string(decoded.height) +
                               ", of which the centre square is used");
  picture.warnings = std::move(decoded.warnings);
  at::Tensor interleaved = at::empty({decoded.height, decoded.width, 3}, at::kByte);
  std::memcpy(interleaved.mutable_data_ptr<uint8_t>(), decoded.rgb.data(), decoded.rgb.size());
  picture.pixels = interleaved.permute({2, 0, 1}).contiguous();
  return picture;
}

Picture ReadPicture(const std::filesystem::path& path, const PictureRules& rules) {
  Picture picture = DecodePicture(ReadFile(path, rules.max_bytes), path.string(), rules);
  if (!ExtensionFits(path, picture.format))
    picture.warnings.push_back("is a " + picture.format + " whatever its name says");
  return picture;
}

at::Tensor ToUnitFloat(const at::Tensor& bytes) {
  CheckDtype(bytes, at::kByte, "picture");
  return bytes.to(at::kFloat) / 255.0;
}

at::Tensor ToBytes(const at::Tensor& unit) {
  TINT_CHECK(unit.is_floating_point()) << DescribeTensor(unit);
  return (unit.detach() * 255.0 + 0.5).floor().clamp(0, 255).to(at::kByte);
}

uint64_t DifferenceHash(const at::Tensor& pixels) {
  CheckShape(pixels, {3, -1, -1}, "picture");
  const at::Tensor planes = pixels.to(at::kFloat);
  const at::Tensor luma = 0.299 * planes[0] + 0.587 * planes[1] + 0.114 * planes[2];
  const at::Tensor small = at::adaptive_avg_pool2d(luma.unsqueeze(0), {8, 9})[0].contiguous();
  const float* values = small.const_data_ptr<float>();
  uint64_t hash = 0;
  for (int64_t y = 0; y < 8; ++y) {
    for (int64_t x = 0; x < 8; ++x) hash = hash << 1 | (values[y * 9 + x] > values[y * 9 + x + 1] ? 1u : 0u);
  }
  return hash;
}

}  // namespace tint

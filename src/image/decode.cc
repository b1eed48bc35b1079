// SPDX-License-Identifier: Apache-2.0
#include "tint/image/decode.h"

#include <algorithm>
#include <cctype>

#include "decode_internal.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/image/pixels.h"

namespace tint {
namespace {

bool ExtensionFits(const std::filesystem::path& path, const std::string& format) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (format == "png") return extension == ".png";
  return extension == ".jpg" || extension == ".jpeg" || extension == ".jpe" || extension == ".jfif";
}

// The warning has the same text for every such image, so that equal warnings are counted together.
void CheckAspect(const DecodeRules& rules, internal::RawImage* raw) {
  const auto height = static_cast<double>(raw->pixels.size(1));
  const auto width = static_cast<double>(raw->pixels.size(2));
  if (std::max(height, width) <= rules.max_aspect * std::min(height, width)) return;
  raw->warnings.push_back("very elongated: the centre square shows little of it");
}

}  // namespace

DecodedImage DecodeImage(std::string_view bytes, const std::string& name, const DecodeRules& rules) {
  if (bytes.size() > rules.max_bytes)
    internal::FailDecode(name, FormatBytes(bytes.size()), "a file of at most " + FormatBytes(rules.max_bytes));
  const bool is_jpeg = internal::RecognizeFormat(bytes, name) == internal::Format::kJpeg;
  internal::RawImage raw = is_jpeg ? internal::DecodeJpeg(bytes, name, rules) : internal::DecodePng(bytes, name, rules);
  if (rules.apply_exif) internal::ApplyOrientation(&raw);
  CheckAspect(rules, &raw);
  DecodedImage image;
  image.format = is_jpeg ? "jpeg" : "png";
  image.file_sha256 = Sha256Hex(bytes);
  image.pixel_sha256 = PixelSha256(raw.pixels);
  image.pixels = raw.pixels;
  image.warnings = std::move(raw.warnings);
  return image;
}

DecodedImage ReadImage(const std::filesystem::path& path, const DecodeRules& rules) {
  DecodedImage image = DecodeImage(ReadFile(path, rules.max_bytes), path.string(), rules);
  if (!ExtensionFits(path, image.format))
    image.warnings.push_back("is a " + image.format + " file; its extension does not match");
  return image;
}

}  // namespace tint

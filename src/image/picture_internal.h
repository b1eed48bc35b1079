// Between the files of the picture door: what a decoder gives, before hashes and shape rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tint/image/picture.h"

namespace tint::internal {

// Interleaved 8-bit RGB.
struct Decoded {
  int64_t height = 0, width = 0;
  std::vector<uint8_t> rgb;
  int orientation = 1;  // EXIF, 1...8
  std::vector<std::string> warnings;
};

enum class Format { kJpeg, kPng };

// By magic bytes. Anything else: Error(kBadInput) that names the format, with a convert hint, or shows the first bytes.
Format RecognizeFormat(std::string_view bytes, const std::string& name);

Decoded DecodeJpeg(std::string_view bytes, const std::string& name, const PictureRules& rules);
Decoded DecodePng(std::string_view bytes, const std::string& name, const PictureRules& rules);

// Orientation from the payload of an APP1 segment or eXIf chunk that begins with a TIFF header; 1 if there is none.
int ExifOrientation(std::string_view tiff);
// Turns the picture as the orientation says; afterwards it is 1.
void ApplyOrientation(Decoded* picture);

// True if the ICC profile says that it is sRGB (by its description text).
bool IsSrgbProfile(std::string_view profile);

// Sides, pixel count: Error(kBadInput) when over or under the rules.
void CheckSides(int64_t width, int64_t height, const std::string& name, const PictureRules& rules);

[[noreturn]] void Refuse(const std::string& name, const std::string& found, const std::string& expected,
                         const std::string& remedy = "");

}  // namespace tint::internal

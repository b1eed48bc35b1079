// Between the files of the image door: what a decoder gives, before turning, hashes and shape rules.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tint/image/image.h"

namespace tint::internal {

struct Decoded {
  at::Tensor pixels;    // uint8 [3, H, W], RGB
  int orientation = 1;  // EXIF, 1...8: how to turn `pixels`
  std::vector<std::string> warnings;
};

enum class Format { kJpeg, kPng };

// By magic bytes. Anything else: Error(kBadInput) that names the format, with a convert hint, or shows the first bytes.
Format RecognizeFormat(std::string_view bytes, const std::string& name);

Decoded DecodeJpeg(std::string_view bytes, const std::string& name, const DecodeRules& rules);
Decoded DecodePng(std::string_view bytes, const std::string& name, const DecodeRules& rules);

// The big-endian or little-endian unsigned number of `count` <= 4 bytes at `offset`; 0 when it does not lie inside.
uint32_t ReadNumber(std::string_view bytes, size_t offset, size_t count, bool little_endian = false);

// Orientation from the payload of an APP1 segment or eXIf chunk that begins with a TIFF header; 1 if there is none.
int ExifOrientation(std::string_view tiff);
// Turns the image as its orientation says; afterwards that is 1.
void ApplyOrientation(Decoded* image);

// True if the ICC profile describes itself as sRGB.
bool IsSrgbProfile(std::string_view profile);

// Sides, pixel count: Error(kBadInput) when over or under the rules.
void CheckSides(int64_t width, int64_t height, const std::string& name, const DecodeRules& rules);

[[noreturn]] void Refuse(const std::string& name, const std::string& found, const std::string& expected,
                         const std::string& remedy = "");
[[noreturn]] void RefuseDamaged(const std::string& name, const std::string& format, const std::string& reason);

// What both decoders warn of, word for word: warnings are counted by their text.
inline constexpr char kGreyscaleWarning[] = "greyscale, replicated to RGB";
inline constexpr char kProfileWarning[] = "its colour profile is not sRGB and is ignored";
inline constexpr char kTrailingWarning[] = "bytes after its end are ignored";

}  // namespace tint::internal

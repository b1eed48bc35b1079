// SPDX-License-Identifier: Apache-2.0
// Shared by the sources of decode.h: what a format's decoder returns, before rotation, hashes and shape rules.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tint/image/decode.h"

namespace tint::internal {

struct RawImage {
  at::Tensor pixels;    // uint8 [3, H, W], RGB
  int orientation = 1;  // EXIF, 1...8: how to rotate and flip `pixels`
  std::vector<std::string> warnings;
};

enum class Format { kJpeg, kPng };

// By magic bytes. Anything else: Error(kBadInput) that names the format, with a convert hint, or shows the first bytes.
Format RecognizeFormat(std::string_view bytes, const std::string& name);

RawImage DecodeJpeg(std::string_view bytes, const std::string& name, const DecodeRules& rules);
RawImage DecodePng(std::string_view bytes, const std::string& name, const DecodeRules& rules);

// The big-endian or little-endian unsigned number of `count` <= 4 bytes at `offset`; 0 when it is out of bounds.
uint32_t ReadNumber(std::string_view bytes, size_t offset, size_t count, bool little_endian = false);

// Orientation from the payload of an APP1 segment or eXIf chunk that begins with a TIFF header; 1 if there is none.
int ExifOrientation(std::string_view tiff);
// Rotates and flips the image by its orientation, which is 1 afterwards.
void ApplyOrientation(RawImage* image);

// True if the ICC profile describes itself as sRGB.
bool IsSrgbProfile(std::string_view profile);

// Side lengths and pixel count: Error(kBadInput) when beyond the limits of `rules`.
void CheckSides(int64_t width, int64_t height, const std::string& name, const DecodeRules& rules);

[[noreturn]] void FailDecode(const std::string& name, const std::string& found, const std::string& expected,
                             const std::string& remedy = "");
[[noreturn]] void FailDamaged(const std::string& name, const std::string& format, const std::string& reason);

// Warnings of both decoders, with the same text: warnings are counted by their text.
inline constexpr char kGreyscaleWarning[] = "greyscale, replicated to RGB";
inline constexpr char kProfileWarning[] = "its colour profile is not sRGB and is ignored";
inline constexpr char kTrailingWarning[] = "bytes after its end are ignored";

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// Reading image files: bytes in, checked 8-bit RGB out. All images that users supply are decoded here.
//
// size limit -> magic bytes -> header -> pixel limit -> strict decoding -> colour, alpha and bit-depth conversion ->
// EXIF orientation -> hashes. tests/image/cases_*.cc list every kind of bad image and what becomes of it.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tint {

struct DecodeRules {
  uint64_t max_bytes = 200ull << 20;
  int64_t max_pixels = 64'000'000;
  int64_t min_side = 16;    // smaller images are refused
  bool apply_exif = true;   // rotate and flip by the EXIF orientation (2-8)
  double max_aspect = 3.0;  // more elongated images get a warning
};

struct DecodedImage {
  at::Tensor pixels;   // uint8 [3, H, W], RGB, contiguous, CPU
  std::string format;  // "jpeg", "png"; "raw" for records of a binary file
  std::string file_sha256;
  std::string pixel_sha256;           // PixelSha256(pixels)
  std::vector<std::string> warnings;  // "greyscale, replicated to RGB", ...
};

// Throws Error(kBadInput) naming `name` and the reason: not JPEG or PNG (the format is named, with a convert hint, or
// the first 16 bytes are shown), truncated, damaged (any libjpeg warning), over a limit, fully transparent, too small.
DecodedImage DecodeImage(std::string_view bytes, const std::string& name, const DecodeRules& rules = {});

// Regular files only; else as DecodeImage. A wrong extension gives a warning.
DecodedImage ReadImage(const std::filesystem::path& path, const DecodeRules& rules = {});

}  // namespace tint

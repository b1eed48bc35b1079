// The one door for images: bytes in, checked 8-bit RGB out.
//
// size cap -> magic bytes -> header -> pixel cap -> strict decode -> colour, alpha, bit-depth rule -> EXIF rule ->
// hashes. The rules are those of the table "D. Bad images" that tests/image/cases_*.cc hold, one row a case.
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
  bool apply_exif = true;   // turn by the EXIF orientation (2-8)
  double max_aspect = 3.0;  // longer images get a warning
};

struct Image {
  at::Tensor pixels;   // uint8 [3, H, W], RGB, contiguous, CPU
  std::string format;  // "jpeg", "png"; "raw" for rows of a binary file
  std::string file_sha256;
  std::string pixel_sha256;           // PixelSha256(pixels)
  std::vector<std::string> warnings;  // "greyscale, replicated to RGB", ...
};

// Throws Error(kBadInput) naming `name` and the reason: not JPEG or PNG (the format is named, with a convert hint, or
// the first 16 bytes are shown), truncated, damaged (any libjpeg warning), over a limit, fully transparent, too small.
Image DecodeImage(std::string_view bytes, const std::string& name, const DecodeRules& rules = {});

// Regular files only; else as DecodeImage. A wrong extension gives a warning.
Image ReadImage(const std::filesystem::path& path, const DecodeRules& rules = {});

// Lossless, deterministic PNG of uint8 [3, H, W].
std::string EncodePng(const at::Tensor& pixels);

// uint8 -> float32 in [0, 1] (x / 255), and back by floor(x * 255 + 0.5) clamped to 0...255. Any leading dimensions.
at::Tensor ToUnitFloat(const at::Tensor& bytes);
at::Tensor ToBytes(const at::Tensor& unit);

// SHA-256 of "H W\n" and the bytes in H, W, RGB order of uint8 [3, H, W]: equal for the same image in another file.
std::string PixelSha256(const at::Tensor& pixels);

// 64-bit difference hash of the luma (9x8 box reduction): near-duplicates differ in at most 4 bits.
uint64_t DifferenceHash(const at::Tensor& pixels);

}  // namespace tint

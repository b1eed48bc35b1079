// SPDX-License-Identifier: Apache-2.0
// Images of any kind for tests: JPEG through libjpeg, PNG chunk by chunk, so that bad ones can be made as well.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tint::testing {

// uint8 [3, height, width]: pseudorandom bytes, others for each seed.
at::Tensor Noise(int64_t seed, int64_t height, int64_t width);

// uint8 [3, height, width]: slow gradients, so that JPEG at quality 95 stays within 4 levels of it.
at::Tensor Gradient(int64_t height = 40, int64_t width = 48);

enum class JpegColour { kGrey, kRgb, kYcc, kCmyk, kYcck, kTwo };  // the stored format; kTwo: two unnamed components

struct JpegFile {
  at::Tensor samples = {};  // uint8 [C, H, W]: grey, RGB or (inverted) CMYK
  JpegColour colour = JpegColour::kYcc;
  int scans = 0;  // 0: sequential; else progressive in so many scans, at most 190
  int restart_rows = 0;
  int quality = 95;
  std::vector<std::pair<int, std::string>> segments = {};  // marker (0xE1...) and its payload
};
std::string MakeJpeg(const JpegFile& file);

// Where the segment with this marker begins (at its 0xFF), or npos. Segments before the first scan only.
size_t FindSegment(std::string_view jpeg, int marker, size_t nth = 0);
std::string WithoutSegment(const std::string& jpeg, int marker);

struct PngFile {
  uint32_t width = 24, height = 20;
  int depth = 8;   // bits a sample
  int colour = 2;  // 0 grey, 2 RGB, 3 palette, 4 grey + alpha, 6 RGBA
  bool interlaced = false;
  std::function<uint32_t(int64_t y, int64_t x, int64_t c)> sample = {};
  std::string chunks = {};  // whole chunks between IHDR and IDAT
};
std::string MakePng(const PngFile& file);
// The pixels of `file` as rows with their filter bytes, before compression.
std::string RawRows(const PngFile& file);

inline constexpr char kPngSignature[] = "\x89PNG\r\n\x1a\n";
std::string Chunk(const std::string& type, const std::string& data);  // length, type, data, CRC
std::string Header(uint32_t width, uint32_t height, int depth, int colour, int interlace = 0);
std::string Compress(const std::string& data);  // zlib format
std::string BigEndian(uint32_t value, int bytes = 4);

// A TIFF structure whose directory holds one entry: the orientation, of the given type (3 SHORT, 4 LONG).
std::string Exif(int orientation, bool little_endian = true, int type = 3);
// An ICC profile that holds a description alone; ASCII, or UTF-16 as version 4 has it.
std::string IccProfile(const std::string& description, bool utf16 = false, const std::string& space = "RGB ");

}  // namespace tint::testing

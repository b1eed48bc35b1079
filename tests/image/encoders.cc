// SPDX-License-Identifier: Apache-2.0
#include "encoders.h"

#include <ATen/ATen.h>
#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

// After <cstdio>: it uses FILE and size_t without declaring them.
#include <jpeglib.h>

namespace tint::testing {
namespace {

struct Colours {
  J_COLOR_SPACE given, stored;
};

Colours ColoursOf(JpegColour colour) {
  switch (colour) {
    case JpegColour::kGrey:
      return {JCS_GRAYSCALE, JCS_GRAYSCALE};
    case JpegColour::kRgb:
      return {JCS_RGB, JCS_RGB};
    case JpegColour::kYcc:
      return {JCS_RGB, JCS_YCbCr};
    case JpegColour::kCmyk:
      return {JCS_CMYK, JCS_CMYK};
    case JpegColour::kYcck:
      return {JCS_CMYK, JCS_YCCK};
    case JpegColour::kTwo:
      return {JCS_UNKNOWN, JCS_UNKNOWN};
  }
  throw std::logic_error("colour");
}

// First the constant terms of all components, then one coefficient of one component a scan.
std::vector<jpeg_scan_info> ScanScript(int scans, int components) {
  jpeg_scan_info constant{};
  constant.comps_in_scan = components;
  for (int c = 0; c < components; ++c) constant.component_index[c] = c;
  std::vector<jpeg_scan_info> script{constant};
  for (int i = 0; static_cast<int>(script.size()) < scans; ++i) {
    jpeg_scan_info one{};
    one.comps_in_scan = 1;
    one.component_index[0] = i % components;
    one.Ss = one.Se = i / components + 1;
    script.push_back(one);
  }
  return script;
}

}  // namespace

at::Tensor Noise(int64_t seed, int64_t height, int64_t width) {
  const at::Tensor counter = at::arange(3 * height * width, at::kLong) + seed * 1'000'003;
  const at::Tensor mixed = counter * 2654435761 + (counter * 40503).bitwise_right_shift(7) * counter;
  return mixed.bitwise_right_shift(11).bitwise_and(255).to(at::kByte).reshape({3, height, width});
}

at::Tensor Gradient(int64_t height, int64_t width) {
  const at::Tensor y = at::arange(height, at::kFloat).unsqueeze(1) / static_cast<double>(height);
  const at::Tensor x = at::arange(width, at::kFloat).unsqueeze(0) / static_cast<double>(width);
  return at::stack({20 + 180 * x + 20 * y, 40 + 170 * y + 10 * x, 200 - 90 * x - 60 * y}).to(at::kByte);
}

std::string MakeJpeg(const JpegFile& file) {
  const at::Tensor rows = file.samples.permute({1, 2, 0}).contiguous();
  const Colours colours = ColoursOf(file.colour);
  jpeg_error_mgr errors;
  jpeg_compress_struct info;
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_height = static_cast<JDIMENSION>(rows.size(0));
  info.image_width = static_cast<JDIMENSION>(rows.size(1));
  info.input_components = static_cast<int>(rows.size(2));
  info.in_color_space = colours.given;
  jpeg_set_defaults(&info);
  jpeg_set_colorspace(&info, colours.stored);
  jpeg_set_quality(&info, file.quality, TRUE);
  for (int c = 0; c < info.num_components; ++c) info.comp_info[c].h_samp_factor = info.comp_info[c].v_samp_factor = 1;
  const std::vector<jpeg_scan_info> script = ScanScript(file.scans, info.num_components);
  if (file.scans > 0) info.scan_info = script.data();
  if (file.scans > 0) info.num_scans = static_cast<int>(script.size());
  info.restart_in_rows = file.restart_rows;
  jpeg_start_compress(&info, TRUE);
  for (const auto& [marker, payload] : file.segments)
    jpeg_write_marker(&info, marker, reinterpret_cast<const JOCTET*>(payload.data()),
                      static_cast<unsigned>(payload.size()));
  for (int64_t y = 0; y < rows.size(0); ++y) {
    JSAMPROW row = rows.mutable_data_ptr<uint8_t>() + y * rows.size(1) * rows.size(2);
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  std::string result(reinterpret_cast<const char*>(bytes), size);
  std::free(bytes);
  return result;
}

size_t FindSegment(std::string_view jpeg, int marker, size_t nth) {
  size_t at = 2;
  while (at + 4 <= jpeg.size()) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(jpeg[at + i]); };
    if (byte(1) == marker && nth-- == 0) return at;
    if (byte(1) == 0xDA) return std::string::npos;
    at += 2 + size_t{byte(2)} * 256 + byte(3);
  }
  return std::string::npos;
}

std::string WithoutSegment(const std::string& jpeg, int marker) {
  const size_t at = FindSegment(jpeg, marker);
  const size_t length =
      static_cast<unsigned char>(jpeg.at(at + 2)) * 256u + static_cast<unsigned char>(jpeg.at(at + 3));
  return jpeg.substr(0, at) + jpeg.substr(at + 2 + length);
}

std::string BigEndian(uint32_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) out += static_cast<char>(value >> (8 * i) & 0xff);
  return out;
}

std::string Chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return BigEndian(static_cast<uint32_t>(data.size())) + body + BigEndian(static_cast<uint32_t>(crc));
}

std::string Header(uint32_t width, uint32_t height, int depth, int colour, int interlace) {
  const std::string rest{static_cast<char>(depth), static_cast<char>(colour), 0, 0, static_cast<char>(interlace)};
  return Chunk("IHDR", BigEndian(width) + BigEndian(height) + rest);
}

std::string Compress(const std::string& data) {
  uLongf size = compressBound(data.size());
  std::string out(size, '\0');
  compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(data.data()), data.size(), 6);
  out.resize(size);
  return out;
}

std::string RawRows(const PngFile& file) {
  struct Pass {
    int64_t y, x, step_y, step_x;
  };
  constexpr std::array<Pass, 7> kAdam7{
      {{0, 0, 8, 8}, {0, 4, 8, 8}, {4, 0, 8, 4}, {0, 2, 4, 4}, {2, 0, 4, 2}, {0, 1, 2, 2}, {1, 0, 2, 1}}};
  const std::vector<Pass> passes =
      file.interlaced ? std::vector<Pass>(kAdam7.begin(), kAdam7.end()) : std::vector<Pass>{{0, 0, 1, 1}};
  const int64_t channels = std::array<int64_t, 7>{1, 0, 3, 1, 2, 0, 4}[static_cast<size_t>(file.colour)];
  std::string raw;
  for (const Pass& pass : passes) {
    if (pass.x >= file.width) continue;
    for (int64_t y = pass.y; y < file.height; y += pass.step_y) {
      raw += '\0';  // filter: none
      uint32_t bits = 0, filled = 0;
      for (int64_t x = pass.x; x < file.width; x += pass.step_x) {
        for (int64_t c = 0; c < channels; ++c) {
          bits = bits << file.depth | file.sample(y, x, c);
          for (filled += static_cast<uint32_t>(file.depth); filled >= 8; filled -= 8)
            raw += static_cast<char>(bits >> (filled - 8) & 0xff);
        }
      }
      if (filled > 0) raw += static_cast<char>(bits << (8 - filled) & 0xff);
    }
  }
  return raw;
}

std::string MakePng(const PngFile& file) {
  return kPngSignature + Header(file.width, file.height, file.depth, file.colour, file.interlaced ? 1 : 0) +
         file.chunks + Chunk("IDAT", Compress(RawRows(file))) + Chunk("IEND", "");
}

std::string Exif(int orientation, bool little_endian, int type) {
  const auto number = [&](int value, int bytes) {
    std::string text = BigEndian(static_cast<uint32_t>(value), bytes);
    return little_endian ? std::string(text.rbegin(), text.rend()) : text;
  };
  const std::string value = type == 3 ? number(orientation, 2) + number(0, 2) : number(orientation, 4);
  return (little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) + number(0x0112, 2) +
         number(type, 2) + number(1, 4) + value + number(0, 4);
}

std::string IccProfile(const std::string& description, bool utf16, const std::string& space) {
  std::string text;
  for (const char c : description) text += utf16 ? std::string{'\0', c} : std::string{c};
  std::string tag = utf16 ? "mluc" + BigEndian(0) + BigEndian(1) + BigEndian(12) + "enUS" +
                                BigEndian(static_cast<uint32_t>(text.size())) + BigEndian(28) + text
                          : "desc" + BigEndian(0) + BigEndian(static_cast<uint32_t>(text.size() + 1)) + text + '\0';
  tag.resize((tag.size() + 3) / 4 * 4);
  std::string rest;  // libpng takes a chunk of under 92 bytes for no profile
  for (int i = 0; i < 256; ++i) rest += static_cast<char>(i * i * 7 >> 3);
  const std::string table = BigEndian(1) + "desc" + BigEndian(128 + 16) + BigEndian(static_cast<uint32_t>(tag.size()));
  std::string header(128, '\0');
  header.replace(0, 4, BigEndian(static_cast<uint32_t>(header.size() + table.size() + tag.size() + rest.size())));
  header.replace(8, 4, BigEndian(utf16 ? 0x04300000 : 0x02100000));
  header.replace(12, 12, "mntr" + space + "XYZ ");
  header.replace(36, 4, "acsp");
  header.replace(68, 12, BigEndian(0xf6d6) + BigEndian(0x10000) + BigEndian(0xd32d));  // D50
  return header + table + tag + rest;
}

}  // namespace tint::testing

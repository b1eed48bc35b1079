// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/empty.h>

#include <csetjmp>
#include <cstddef>
#include <cstdio>

// After <cstdio>: it uses FILE and size_t without declaring them.
#include <jpeglib.h>

#include "decode_internal.h"

namespace tint::internal {
namespace {

using namespace std::string_view_literals;

constexpr int kMaxScans = 100;

// libjpeg reports errors through callbacks that must not return: errors and warnings leave by longjmp. No object with a
// destructor is alive between setjmp and longjmp.
struct Manager {
  jpeg_error_mgr base;
  std::jmp_buf jump;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void JumpOut(j_common_ptr info) {
  auto* manager = reinterpret_cast<Manager*>(info->err);
  info->err->format_message(info, manager->message);
  std::longjmp(manager->jump, 1);
}

void OnMessage(j_common_ptr info, int level) {
  if (level < 0) JumpOut(info);  // a warning: the data are damaged; levels 0 and up are traces
}

void OnProgress(j_common_ptr info) {
  if (reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= kMaxScans) return;
  auto* manager = reinterpret_cast<Manager*>(info->err);
  std::snprintf(manager->message, sizeof manager->message, "more than %d scans", kMaxScans);
  std::longjmp(manager->jump, 1);
}

// Destination of decoded rows: planes of `area` bytes, R, G and B.
struct Target {
  uint8_t* planes;
  int64_t area;
  uint8_t* row;  // one row as libjpeg writes it
  bool is_cmyk;  // 4 bytes a pixel, inverted as Adobe writes them (0 = full ink)
};

struct Session {
  jpeg_decompress_struct info;
  Manager manager;
  jpeg_progress_mgr progress;
  ~Session() { jpeg_destroy_decompress(&info); }
};

// Without colour profiles: R = C K / 255 of the inverted values.
void StoreRow(const Target& target, int64_t y, int64_t width) {
  uint8_t* out = target.planes + y * width;
  const uint8_t* in = target.row;
  if (target.is_cmyk) {
    for (int64_t x = 0; x < width; ++x, in += 4) {
      for (int64_t c = 0; c < 3; ++c) out[c * target.area + x] = static_cast<uint8_t>((in[c] * in[3] + 127) / 255);
    }
    return;
  }
  for (int64_t x = 0; x < width; ++x, in += 3) {
    for (int64_t c = 0; c < 3; ++c) out[c * target.area + x] = in[c];
  }
}

// False with manager.message when libjpeg gives up.
bool ReadHeader(Session* session, const unsigned char* data, size_t size) {
  if (setjmp(session->manager.jump) != 0) return false;
  jpeg_create_decompress(&session->info);
  session->info.progress = &session->progress;
  jpeg_mem_src(&session->info, data, static_cast<unsigned long>(size));
  jpeg_save_markers(&session->info, JPEG_APP0 + 1, 0xffff);
  jpeg_save_markers(&session->info, JPEG_APP0 + 2, 0xffff);
  jpeg_read_header(&session->info, TRUE);
  return true;
}

bool ReadPixels(Session* session, const Target& target) {
  if (setjmp(session->manager.jump) != 0) return false;
  jpeg_decompress_struct& info = session->info;
  jpeg_start_decompress(&info);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = target.row;
    jpeg_read_scanlines(&info, &row, 1);
    StoreRow(target, static_cast<int64_t>(info.output_scanline) - 1, static_cast<int64_t>(info.output_width));
  }
  jpeg_finish_decompress(&info);
  return true;
}

void ReadMarkers(const jpeg_decompress_struct& info, RawImage* image) {
  constexpr std::string_view kExif = "Exif\0\0"sv, kProfile = "ICC_PROFILE\0"sv;
  constexpr size_t kProfileHeader = 14;  // its name, and the number and count of the chunk
  std::string profile;
  bool has_exif = false;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker == JPEG_APP0 + 1 && !has_exif && data.substr(0, kExif.size()) == kExif) {
      image->orientation = ExifOrientation(data.substr(kExif.size()));
      has_exif = true;
    }
    if (marker->marker == JPEG_APP0 + 2 && data.size() > kProfileHeader && data.substr(0, kProfile.size()) == kProfile)
      profile += data.substr(kProfileHeader);
  }
  if (!profile.empty() && !IsSrgbProfile(profile)) image->warnings.push_back(kProfileWarning);
}

void CheckColours(const jpeg_decompress_struct& info, const std::string& name, RawImage* image) {
  if (info.num_components == 1) image->warnings.push_back(kGreyscaleWarning);
  if (info.num_components != 4) return;
  // Without Adobe's marker it is unknown whether the values are inverted.
  if (!info.saw_Adobe_marker)
    FailDecode(name, "a four-colour JPEG without Adobe's marker", "RGB or greyscale",
               "Convert it to RGB: convert INPUT -colorspace sRGB OUTPUT.png");
  image->warnings.push_back("CMYK, converted to RGB without colour management");
}

}  // namespace

RawImage DecodeJpeg(std::string_view bytes, const std::string& name, const DecodeRules& rules) {
  Session session{};
  jpeg_decompress_struct& info = session.info;
  info.err = jpeg_std_error(&session.manager.base);
  session.manager.base.error_exit = JumpOut;
  session.manager.base.emit_message = OnMessage;
  session.progress.progress_monitor = OnProgress;
  if (!ReadHeader(&session, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()))
    FailDamaged(name, "JPEG", session.manager.message);
  CheckSides(info.image_width, info.image_height, name, rules);

  RawImage image;
  CheckColours(info, name, &image);
  ReadMarkers(info, &image);
  const bool is_cmyk = info.num_components == 4;
  info.out_color_space = is_cmyk ? JCS_CMYK : JCS_RGB;
  info.dct_method = JDCT_ISLOW;  // the accurate one, the same on every machine
  const int64_t height = info.image_height, width = info.image_width;
  image.pixels = at::empty({3, height, width}, at::kByte);
  std::vector<uint8_t> row(static_cast<size_t>(width) * 4);
  const Target target{image.pixels.mutable_data_ptr<uint8_t>(), height * width, row.data(), is_cmyk};
  if (!ReadPixels(&session, target)) FailDamaged(name, "JPEG", session.manager.message);
  if (info.src->bytes_in_buffer > 0) image.warnings.push_back(kTrailingWarning);
  return image;
}

}  // namespace tint::internal

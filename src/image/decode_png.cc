// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/empty.h>
#include <png.h>

#include <csetjmp>
#include <cstring>

#include "decode_internal.h"
#include "tint/base/error.h"

namespace tint::internal {
namespace {

// Input of libpng and its error message. Errors and warnings of damage leave by longjmp (as in decode_jpeg.cc).
struct Source {
  std::string_view bytes;
  size_t position = 0;
  bool has_bad_profile = false;
  char message[256] = {};
};

struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Session() { png_destroy_read_struct(&png, &info, nullptr); }
};

// Destination of decoded rows: planes of `area` bytes, R, G and B, composited on white; and the number of pixels that
// are not opaque, or fully transparent.
struct Target {
  uint8_t* planes;
  int64_t area;
  uint8_t* rgba;  // one row, or all of them for an interlaced image
  int64_t translucent, clear;
};

void ReadBytes(png_structp png, png_bytep out, size_t count) {
  auto* source = static_cast<Source*>(png_get_io_ptr(png));
  if (source->bytes.size() - source->position < count) png_error(png, "truncated");
  std::memcpy(out, source->bytes.data() + source->position, count);
  source->position += count;
}

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  std::strncpy(source->message, message, sizeof source->message - 1);
  png_longjmp(png, 1);
}

// Profiles and gammas with small errors are common and not applied here. Any other warning may affect pixels.
void OnWarning(png_structp png, png_const_charp message) {
  const std::string_view text(message);
  const auto mentions = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
  auto* source = static_cast<Source*>(png_get_error_ptr(png));
  if (mentions("iCCP")) source->has_bad_profile = true;
  if (mentions("iCCP") || mentions("cHRM") || mentions("gAMA") || mentions("gamma") || mentions("sRGB")) return;
  OnError(png, message);
}

// round(alpha colour + (1 - alpha) white), on the stored (not linear) values, as viewers do.
void StoreRow(const uint8_t* rgba, int64_t y, int64_t width, Target* target) {
  uint8_t* out = target->planes + y * width;
  for (int64_t x = 0; x < width; ++x, rgba += 4) {
    const int alpha = rgba[3];
    target->translucent += alpha < 255 ? 1 : 0;
    target->clear += alpha == 0 ? 1 : 0;
    for (int64_t c = 0; c < 3; ++c)
      out[c * target->area + x] = static_cast<uint8_t>((rgba[c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
}

bool ReadHeader(Session* session) {
  if (setjmp(png_jmpbuf(session->png)) != 0) return false;
  png_set_crc_action(session->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(session->png, session->info);
  return true;
}

// Everything becomes 8-bit RGBA: 16 bits rounded (libpng's scale_16, not strip_16), palettes and low depths expanded.
bool ReadPixels(Session* session, Target* target) {
  if (setjmp(png_jmpbuf(session->png)) != 0) return false;
  const png_structp png = session->png;
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, session->info);
  const int64_t height = png_get_image_height(png, session->info), width = png_get_image_width(png, session->info);
  for (int pass = 0; pass < passes; ++pass) {
    for (int64_t y = 0; y < height; ++y) {
      uint8_t* row = target->rgba + (passes > 1 ? y * width * 4 : 0);
      png_read_row(png, row, nullptr);
      if (pass == passes - 1) StoreRow(row, y, width, target);
    }
  }
  png_read_end(png, session->info);
  return true;
}

// Before the pixels are read: afterwards libpng's info describes the converted pixels, 8-bit RGBA.
void NoteColours(const Session& session, RawImage* image) {
  if (png_get_bit_depth(session.png, session.info) == 16)
    image->warnings.push_back("16 bits per channel, rounded to 8");
  if ((png_get_color_type(session.png, session.info) & PNG_COLOR_MASK_COLOR) == 0)
    image->warnings.push_back(kGreyscaleWarning);
}

// After the pixels: EXIF data may follow them.
void NoteProperties(const Session& session, const Source& source, RawImage* image) {
  png_charp profile_name = nullptr;
  png_bytep bytes = nullptr;
  png_uint_32 length = 0;
  int compression = 0;
  if (png_get_iCCP(session.png, session.info, &profile_name, &compression, &bytes, &length) != 0) {
    if (!IsSrgbProfile({reinterpret_cast<const char*>(bytes), length})) image->warnings.push_back(kProfileWarning);
  } else if (source.has_bad_profile) {
    image->warnings.push_back("its colour profile is damaged and is ignored");
  }
  if (png_get_eXIf_1(session.png, session.info, &length, &bytes) != 0)
    image->orientation = ExifOrientation({reinterpret_cast<const char*>(bytes), length});
  if (source.position < source.bytes.size()) image->warnings.push_back(kTrailingWarning);
}

// The size is at a fixed position of the header, so that a decompression bomb is refused before libpng allocates
// memory.
void CheckDeclaredSize(std::string_view bytes, const std::string& name, const DecodeRules& rules) {
  constexpr size_t kHeaderEnd = 33;  // signature, then length, type, 13 bytes and CRC of IHDR
  if (bytes.size() < kHeaderEnd || bytes.substr(12, 4) != "IHDR") FailDamaged(name, "PNG", "no header");
  CheckSides(ReadNumber(bytes, 16, 4), ReadNumber(bytes, 20, 4), name, rules);
}

}  // namespace

RawImage DecodePng(std::string_view bytes, const std::string& name, const DecodeRules& rules) {
  CheckDeclaredSize(bytes, name, rules);
  Source source{bytes};
  Session session;
  session.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, OnError, OnWarning);
  TINT_CHECK(session.png != nullptr) << "libpng";
  session.info = png_create_info_struct(session.png);
  TINT_CHECK(session.info != nullptr) << "libpng";
  png_set_read_fn(session.png, &source, ReadBytes);
  // libpng limits each side to a million; DecodeRules limits the area.
  png_set_user_limits(session.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  if (!ReadHeader(&session)) FailDamaged(name, "PNG", source.message);

  const int64_t height = png_get_image_height(session.png, session.info);
  const int64_t width = png_get_image_width(session.png, session.info);
  const bool interlaced = png_get_interlace_type(session.png, session.info) != PNG_INTERLACE_NONE;
  RawImage image;
  NoteColours(session, &image);
  image.pixels = at::empty({3, height, width}, at::kByte);
  const at::Tensor rgba = at::empty({interlaced ? height : 1, width, 4}, at::kByte);
  Target target{image.pixels.mutable_data_ptr<uint8_t>(), height * width, rgba.mutable_data_ptr<uint8_t>(), 0, 0};
  if (!ReadPixels(&session, &target)) FailDamaged(name, "PNG", source.message);
  NoteProperties(session, source, &image);
  if (target.clear == target.area) FailDecode(name, "a fully transparent image", "an image that shows something");
  if (target.translucent * 100 > target.area) image.warnings.push_back("transparent parts, composited on white");
  return image;
}

}  // namespace tint::internal

#include <png.h>

#include <csetjmp>
#include <cstring>

#include "picture_internal.h"
#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace internal {
namespace {

// Where libpng reads from and where its complaints go. Errors and warnings of damage jump out (see picture_jpeg.cc).
struct Source {
  std::string_view bytes;
  size_t position = 0;
  char message[256] = {};
};

struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Session() { png_destroy_read_struct(&png, &info, nullptr); }
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

// Profiles with small faults are common and harmless here (the profile is not applied); what touches pixels is not.
void OnWarning(png_structp png, png_const_charp message) {
  const std::string_view text(message);
  if (text.find("iCCP") != std::string_view::npos || text.find("cHRM") != std::string_view::npos ||
      text.find("gamma") != std::string_view::npos || text.find("sRGB") != std::string_view::npos ||
      text.find("gAMA") != std::string_view::npos)
    return;
  OnError(png, message);
}

bool ReadHeader(Session* session) {
  if (setjmp(png_jmpbuf(session->png)) != 0) return false;
  png_set_crc_action(session->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(session->png, session->info);
  return true;
}

// Everything becomes 8-bit RGBA (16 bit rounded, palette and low depths expanded).
bool ReadPixels(Session* session, png_bytepp rows) {
  if (setjmp(png_jmpbuf(session->png)) != 0) return false;
  png_set_expand(session->png);
  png_set_scale_16(session->png);
  png_set_gray_to_rgb(session->png);
  png_set_add_alpha(session->png, 0xff, PNG_FILLER_AFTER);
  png_set_interlace_handling(session->png);
  png_read_update_info(session->png, session->info);
  png_read_image(session->png, rows);
  png_read_end(session->png, session->info);
  return true;
}

void CompositeOnWhite(const std::vector<uint8_t>& rgba, const std::string& name, Decoded* picture) {
  const size_t pixels = rgba.size() / 4;
  size_t clear = 0, any_clear = 0;
  for (size_t i = 0; i < pixels; ++i) {
    const int alpha = rgba[i * 4 + 3];
    clear += alpha == 0 ? 1 : 0;
    any_clear += alpha < 255 ? 1 : 0;
    for (size_t c = 0; c < 3; ++c)
      picture->rgb[i * 3 + c] = static_cast<uint8_t>((rgba[i * 4 + c] * alpha + 255 * (255 - alpha) + 127) / 255);
  }
  if (clear == pixels) Refuse(name, "a fully transparent picture", "a picture that shows something");
  if (any_clear * 100 > pixels) picture->warnings.push_back("transparent parts, laid on white");
}

void NoteProperties(const Session& session, Decoded* picture) {
  const int colour = png_get_color_type(session.png, session.info);
  if (png_get_bit_depth(session.png, session.info) == 16)
    picture->warnings.push_back("16 bits a channel, rounded to 8");
  if ((colour & PNG_COLOR_MASK_COLOR) == 0) picture->warnings.push_back("greyscale, replicated to RGB");
  png_charp profile_name = nullptr;
  png_bytep profile = nullptr;
  png_uint_32 length = 0;
  int compression = 0;
  if (png_get_iCCP(session.png, session.info, &profile_name, &compression, &profile, &length) != 0 &&
      !IsSrgbProfile(std::string_view(reinterpret_cast<const char*>(profile), length)))
    picture->warnings.push_back("its colour profile is not sRGB and is ignored");
  png_bytep exif = nullptr;
  if (png_get_eXIf_1(session.png, session.info, &length, &exif) != 0)
    picture->orientation = ExifOrientation(std::string_view(reinterpret_cast<const char*>(exif), length));
}

// The size stands at a fixed place of the header, so that a bomb is refused before libpng allocates a row.
void CheckDeclaredSize(std::string_view bytes, const std::string& name, const PictureRules& rules) {
  if (bytes.size() < 33 || bytes.substr(12, 4) != "IHDR")
    Refuse(name, "a damaged PNG (no header)", "an undamaged picture");
  const auto number = [&](size_t at) {
    int64_t value = 0;
    for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  CheckSides(number(16), number(20), name, rules);
}

}  // namespace

Decoded DecodePng(std::string_view bytes, const std::string& name, const PictureRules& rules) {
  CheckDeclaredSize(bytes, name, rules);
  Source source{bytes};
  Session session;
  session.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, OnError, OnWarning);
  TINT_CHECK(session.png != nullptr) << "libpng";
  session.info = png_create_info_struct(session.png);
  png_set_read_fn(session.png, &source, ReadBytes);
  // libpng's own limit is a million a side; ours is on the area.
  png_set_user_limits(session.png, 0x7fffffff, 0x7fffffff);
  const auto refuse = [&] {
    Refuse(name, std::string("a damaged PNG (") + source.message + ")", "an undamaged picture",
           "Fetch or export it again.");
  };
  if (!ReadHeader(&session)) refuse();
  Decoded picture;
  picture.width = png_get_image_width(session.png, session.info);
  picture.height = png_get_image_height(session.png, session.info);
  const auto pixels = static_cast<size_t>(picture.width * picture.height);
  std::vector<uint8_t> rgba(pixels * 4);
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < picture.height; ++y) rows.push_back(rgba.data() + y * picture.width * 4);
  if (!ReadPixels(&session, rows.data())) refuse();
  picture.rgb.resize(pixels * 3);
  NoteProperties(session, &picture);
  CompositeOnWhite(rgba, name, &picture);
  return picture;
}

}  // namespace internal

namespace {

void AppendBytes(png_structp png, png_bytep data, size_t count) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(data), count);
}
void Flush(png_structp) {}

[[noreturn]] void ThrowError(png_structp, png_const_charp message) {
  Fail(ExitCode::kInternal, std::string("writing a PNG: ") + message);
}

}  // namespace

std::string EncodePng(const at::Tensor& pixels) {
  CheckDtype(pixels, at::kByte, "picture to encode");
  CheckShape(pixels, {3, -1, -1}, "picture to encode");
  const at::Tensor rows = pixels.permute({1, 2, 0}).contiguous();
  std::string out;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, ThrowError, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &out, AppendBytes, Flush);
  png_set_IHDR(png, info, static_cast<png_uint_32>(rows.size(1)), static_cast<png_uint_32>(rows.size(0)), 8,
               PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, 6);
  png_set_filter(png, 0, PNG_FILTER_SUB);
  png_write_info(png, info);
  for (int64_t y = 0; y < rows.size(0); ++y) png_write_row(png, rows.const_data_ptr<uint8_t>() + y * rows.size(1) * 3);
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return out;
}

}  // namespace tint

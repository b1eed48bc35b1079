#include <cstdio>
#include <csetjmp>
#include <cstddef>
#include <cstring>

// After <cstdio>: it uses FILE and size_t without declaring them.
#include <jpeglib.h>

#include "picture_internal.h"

namespace tint::internal {
namespace {

constexpr int kMaxScans = 100;

// libjpeg reports through callbacks that must not return: errors and warnings jump out. Nothing with a destructor lives
// in the function that is jumped over.
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
  if (level < 0) JumpOut(info);  // a warning: the data are damaged
}

void OnProgress(j_common_ptr info) {
  const auto* decompress = reinterpret_cast<j_decompress_ptr>(info);
  if (decompress->input_scan_number <= kMaxScans) return;
  auto* manager = reinterpret_cast<Manager*>(info->err);
  std::snprintf(manager->message, sizeof manager->message, "more than %d scans", kMaxScans);
  std::longjmp(manager->jump, 1);
}

struct Session {
  jpeg_decompress_struct info;
  Manager manager;
  jpeg_progress_mgr progress;
  ~Session() { jpeg_destroy_decompress(&info); }
};

enum class Step { kHeader, kPixels };

// One guarded stretch of libjpeg calls; false with manager.message when it fails.
bool Guarded(Session* session, Step step, const unsigned char* data, unsigned long size, uint8_t* rows, size_t stride) {
  if (setjmp(session->manager.jump) != 0) return false;
  if (step == Step::kHeader) {
    jpeg_mem_src(&session->info, data, size);
    jpeg_save_markers(&session->info, JPEG_APP0 + 1, 0xffff);
    jpeg_save_markers(&session->info, JPEG_APP0 + 2, 0xffff);
    jpeg_read_header(&session->info, TRUE);
    return true;
  }
  jpeg_start_decompress(&session->info);
  while (session->info.output_scanline < session->info.output_height) {
    JSAMPROW row = rows + session->info.output_scanline * stride;
    jpeg_read_scanlines(&session->info, &row, 1);
  }
  jpeg_finish_decompress(&session->info);
  return true;
}

void ReadMarkers(const jpeg_decompress_struct& info, Decoded* picture) {
  std::string profile;
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next) {
    const std::string_view data(reinterpret_cast<const char*>(marker->data), marker->data_length);
    if (marker->marker == JPEG_APP0 + 1 && data.substr(0, 6) == std::string_view("Exif\0\0", 6))
      picture->orientation = ExifOrientation(data.substr(6));
    if (marker->marker == JPEG_APP0 + 2 && data.substr(0, 12) == std::string_view("ICC_PROFILE\0", 12) &&
        data.size() > 14)
      profile += data.substr(14);
  }
  if (!profile.empty() && !IsSrgbProfile(profile))
    picture->warnings.push_back("its colour profile is not sRGB and is ignored");
}

// Adobe writes CMYK inverted; without its marker nobody knows which way round the values are.
void CmykToRgb(const std::vector<uint8_t>& cmyk, std::vector<uint8_t>* rgb) {
  for (size_t i = 0; i < rgb->size() / 3; ++i) {
    const int k = cmyk[i * 4 + 3];
    for (size_t c = 0; c < 3; ++c) (*rgb)[i * 3 + c] = static_cast<uint8_t>((cmyk[i * 4 + c] * k + 127) / 255);
  }
}

}  // namespace

Decoded DecodeJpeg(std::string_view bytes, const std::string& name, const PictureRules& rules) {
  Session session{};
  session.info.err = jpeg_std_error(&session.manager.base);
  session.manager.base.error_exit = JumpOut;
  session.manager.base.emit_message = OnMessage;
  jpeg_create_decompress(&session.info);
  session.progress.progress_monitor = OnProgress;
  session.info.progress = &session.progress;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto refuse = [&] {
    Refuse(name, std::string("a damaged JPEG (") + session.manager.message + ")", "an undamaged picture",
           "Fetch or export it again.");
  };
  if (!Guarded(&session, Step::kHeader, data, bytes.size(), nullptr, 0)) refuse();
  CheckSides(session.info.image_width, session.info.image_height, name, rules);

  Decoded picture;
  picture.width = session.info.image_width;
  picture.height = session.info.image_height;
  const auto pixels = static_cast<size_t>(picture.width * picture.height);
  picture.rgb.resize(pixels * 3);
  const bool four = session.info.num_components == 4;
  if (four && !session.info.saw_Adobe_marker)
    Refuse(name, "a four-colour JPEG without Adobe's marker", "RGB or greyscale",
           "Convert it to RGB: convert INPUT -colorspace sRGB OUTPUT.png");
  if (four) picture.warnings.push_back("CMYK, converted to RGB without colour management");
  if (session.info.num_components == 1) picture.warnings.push_back("greyscale, replicated to RGB");
  ReadMarkers(session.info, &picture);
  session.info.out_color_space = four ? JCS_CMYK : JCS_RGB;
  std::vector<uint8_t> cmyk(four ? pixels * 4 : 0);
  uint8_t* rows = four ? cmyk.data() : picture.rgb.data();
  if (!Guarded(&session, Step::kPixels, data, bytes.size(), rows, static_cast<size_t>(picture.width) * (four ? 4 : 3)))
    refuse();
  if (four) CmykToRgb(cmyk, &picture.rgb);
  return picture;
}

}  // namespace tint::internal

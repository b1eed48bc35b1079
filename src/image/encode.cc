// SPDX-License-Identifier: Apache-2.0
#include "tint/image/encode.h"

#include <png.h>

#include <csetjmp>
#include <cstring>
#include <new>

#include "tint/base/error.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

struct Sink {
  std::string bytes;
  bool out_of_memory = false;
  char message[256] = {};
};

struct Session {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ~Session() { png_destroy_write_struct(&png, &info); }
};

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  auto* sink = static_cast<Sink*>(png_get_error_ptr(png));
  std::strncpy(sink->message, message, sizeof sink->message - 1);
  png_longjmp(png, 1);
}

void OnWarning(png_structp, png_const_charp) {}  // by default libpng prints to stderr; an error follows anyway

// No exception may pass through libpng's frames.
void AppendBytes(png_structp png, png_bytep data, size_t count) {
  auto* sink = static_cast<Sink*>(png_get_io_ptr(png));
  try {
    sink->bytes.append(reinterpret_cast<const char*>(data), count);
  } catch (const std::bad_alloc&) {
    sink->out_of_memory = true;
  }
  if (sink->out_of_memory) png_error(png, "out of memory");
}

void Flush(png_structp) {}

// One filter and one level, so that the bytes depend on zlib alone; no time stamp, no text.
bool Write(Session* session, const uint8_t* rows, uint32_t height, uint32_t width) {
  constexpr int kCompressionLevel = 6;
  if (setjmp(png_jmpbuf(session->png)) != 0) return false;
  png_set_user_limits(session->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_IHDR(session->png, session->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(session->png, kCompressionLevel);
  png_set_filter(session->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_write_info(session->png, session->info);
  for (uint32_t y = 0; y < height; ++y) png_write_row(session->png, rows + size_t{y} * width * 3);
  png_write_end(session->png, nullptr);
  return true;
}

}  // namespace

std::string EncodePng(const at::Tensor& pixels) {
  CheckDtype(pixels, at::kByte, "image to encode");
  CheckShape(pixels, {3, -1, -1}, "image to encode");
  const at::Tensor rows = pixels.cpu().permute({1, 2, 0}).contiguous();
  Sink sink;
  Session session;
  session.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &sink, OnError, OnWarning);
  TINT_CHECK(session.png != nullptr) << "libpng";
  session.info = png_create_info_struct(session.png);
  TINT_CHECK(session.info != nullptr) << "libpng";
  png_set_write_fn(session.png, &sink, AppendBytes, Flush);
  const auto height = static_cast<uint32_t>(rows.size(0)), width = static_cast<uint32_t>(rows.size(1));
  if (!Write(&session, rows.const_data_ptr<uint8_t>(), height, width)) {
    Fail(sink.out_of_memory ? ExitCode::kOutOfMemory : ExitCode::kInternal,
         std::string("writing a PNG: ") + sink.message);
  }
  return std::move(sink.bytes);
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include <cctype>

#include "decode_internal.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

using namespace std::string_view_literals;

constexpr char kExpected[] = "a JPEG or PNG image";
constexpr size_t kShownBytes = 16;

struct Foreign {
  const char* name;
  size_t offset;
  std::string_view magic;
};

constexpr Foreign kForeign[] = {
    {"a GIF image", 0, "GIF8"sv},         {"a TIFF image", 0, "II*\0"sv},     {"a TIFF image", 0, "MM\0*"sv},
    {"a BigTIFF image", 0, "II+\0"sv},    {"a BigTIFF image", 0, "MM\0+"sv},  {"a BMP image", 0, "BM"sv},
    {"a WebP image", 8, "WEBP"sv},        {"a HEIC image", 4, "ftyphe"sv},    {"a HEIC image", 4, "ftypmif1"sv},
    {"a HEIC image", 4, "ftypmsf1"sv},    {"an AVIF image", 4, "ftypavi"sv},  {"a DICOM image", 128, "DICM"sv},
    {"a PDF document", 0, "%PDF"sv},      {"a JPEG 2000 image", 4, "jP  "sv}, {"a JPEG XL image", 4, "JXL "sv},
    {"a JPEG XL image", 0, "\xff\x0a"sv}, {"a Photoshop image", 0, "8BPS"sv}, {"a zip archive", 0, "PK\3\4"sv},
    {"a gzip archive", 0, "\x1f\x8b"sv}};

std::string ForeignName(std::string_view bytes) {
  for (const Foreign& foreign : kForeign) {
    if (bytes.size() >= foreign.offset && bytes.substr(foreign.offset, foreign.magic.size()) == foreign.magic)
      return foreign.name;
  }
  return "";
}

// Names the kind of markup; "" for anything else.
std::string MarkupName(std::string_view bytes) {
  if (bytes.substr(0, 3) == "\xEF\xBB\xBF"sv) bytes.remove_prefix(3);  // byte order mark
  std::string start;
  for (const char c : bytes.substr(0, 1024)) start += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const size_t first = start.find_first_not_of(" \t\r\n");
  if (first == std::string::npos || start[first] != '<') return "";
  if (start.find("<svg") != std::string::npos) return "an SVG image";
  for (const char* tag : {"<!doctype html", "<html", "<head", "<body", "<title"}) {
    if (start.find(tag) != std::string::npos) return "an HTML page";
  }
  return "";
}

}  // namespace

void FailDecode(const std::string& name, const std::string& found, const std::string& expected,
                const std::string& remedy) {
  Fail(ExitCode::kBadInput, {.file = name, .field = "image", .found = found, .expected = expected, .remedy = remedy});
}

void FailDamaged(const std::string& name, const std::string& format, const std::string& reason) {
  FailDecode(name, "a damaged " + format + " (" + reason + ")", "an undamaged image", "Fetch or export it again.");
}

Format RecognizeFormat(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) FailDecode(name, "an empty file", kExpected);
  if (bytes.substr(0, 3) == "\xff\xd8\xff"sv) return Format::kJpeg;
  if (bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n"sv) return Format::kPng;
  if (bytes.substr(0, 4) == "\x89PNG"sv)
    FailDamaged(name, "PNG", "its signature was changed, as by a transfer in text mode");
  const std::string shown = Quote(bytes.substr(0, kShownBytes));
  const std::string markup = MarkupName(bytes);
  if (markup == "an HTML page")
    FailDecode(name, markup + " that begins with " + shown, kExpected, "The download failed: fetch it again.");
  const std::string foreign = markup.empty() ? ForeignName(bytes) : markup;
  if (!foreign.empty()) FailDecode(name, foreign, kExpected, "Convert it, for example: convert INPUT OUTPUT.png");
  FailDecode(name, "not a known image format; it begins with " + shown, kExpected);
}

void CheckSides(int64_t width, int64_t height, const std::string& name, const DecodeRules& rules) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width < 1 || height < 1) FailDecode(name, size, "an image with pixels");
  if (width > rules.max_pixels / height)
    FailDecode(name, size, "at most " + std::to_string(rules.max_pixels) + " pixels in total", "Reduce the image.");
  if (width < rules.min_side || height < rules.min_side)
    FailDecode(name, size, "at least " + std::to_string(rules.min_side) + " pixels on each side");
}

}  // namespace tint::internal

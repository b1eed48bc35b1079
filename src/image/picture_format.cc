#include <array>
#include <cctype>

#include "picture_internal.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

struct Foreign {
  const char* name;
  size_t offset;
  std::string_view magic;
};

using namespace std::string_view_literals;
constexpr std::array<Foreign, 14> kForeign = {{{"GIF", 0, "GIF8"sv},
                                               {"TIFF", 0, "II*\0"sv},
                                               {"TIFF", 0, "MM\0*"sv},
                                               {"BMP", 0, "BM"sv},
                                               {"WebP", 8, "WEBP"sv},
                                               {"HEIC", 4, "ftyphe"sv},
                                               {"HEIC", 4, "ftypmif1"sv},
                                               {"AVIF", 4, "ftypavi"sv},
                                               {"DICOM", 128, "DICM"sv},
                                               {"PDF", 0, "%PDF"sv},
                                               {"JPEG 2000", 4, "jP  "sv},
                                               {"JPEG XL", 4, "JXL "sv},
                                               {"a zip archive", 0, "PK\3\4"sv},
                                               {"a gzip archive", 0, "\x1f\x8b"sv}}};

bool StartsWithText(std::string_view bytes, std::string_view word) {
  size_t i = 0;
  while (i < bytes.size() && i < 256 && std::isspace(static_cast<unsigned char>(bytes[i])) != 0) ++i;
  if (bytes.size() < i + word.size()) return false;
  for (size_t k = 0; k < word.size(); ++k) {
    if (std::tolower(static_cast<unsigned char>(bytes[i + k])) != word[k]) return false;
  }
  return true;
}

std::string ForeignName(std::string_view bytes) {
  for (const Foreign& foreign : kForeign) {
    if (bytes.size() >= foreign.offset + foreign.magic.size() &&
        bytes.substr(foreign.offset, foreign.magic.size()) == foreign.magic)
      return foreign.name;
  }
  if (StartsWithText(bytes, "<svg") ||
      (StartsWithText(bytes, "<?xml") && bytes.substr(0, 1024).find("<svg") != std::string_view::npos))
    return "SVG";
  if (StartsWithText(bytes, "<!doctype html") || StartsWithText(bytes, "<html")) return "HTML";
  return "";
}

}  // namespace

void Refuse(const std::string& name, const std::string& found, const std::string& expected, const std::string& remedy) {
  Fail(ExitCode::kBadInput, {.file = name, .field = "picture", .found = found, .expected = expected, .remedy = remedy});
}

Format RecognizeFormat(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) Refuse(name, "an empty file", "a JPEG or PNG picture");
  if (bytes.size() >= 3 && bytes.substr(0, 3) == "\xff\xd8\xff"sv) return Format::kJpeg;
  if (bytes.size() >= 8 && bytes.substr(0, 8) == "\x89PNG\r\n\x1a\n"sv) return Format::kPng;
  const std::string foreign = ForeignName(bytes);
  if (foreign == "HTML")
    Refuse(name, "an HTML page, which begins " + Quote(bytes.substr(0, 16)), "a JPEG or PNG picture",
           "The download failed: fetch it again.");
  if (!foreign.empty())
    Refuse(name, foreign, "a JPEG or PNG picture", "Convert it, for example: convert INPUT OUTPUT.png");
  Refuse(name, "no picture that is known; it begins " + Quote(bytes.substr(0, 16)), "a JPEG or PNG picture");
}

void CheckSides(int64_t width, int64_t height, const std::string& name, const PictureRules& rules) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width < 1 || height < 1) Refuse(name, size, "a picture with pixels");
  if (width > rules.max_pixels / height)
    Refuse(name, size, "at most " + std::to_string(rules.max_pixels) + " pixels in all", "Reduce the picture.");
  if (width < rules.min_side || height < rules.min_side)
    Refuse(name, size, "at least " + std::to_string(rules.min_side) + " pixels a side");
}

}  // namespace tint::internal

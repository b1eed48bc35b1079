#include "picture_internal.h"

namespace tint::internal {
namespace {

// Reads unsigned numbers of either byte order, never past the end (0 then).
class TiffReader {
 public:
  explicit TiffReader(std::string_view bytes) : bytes_(bytes) { little_ = bytes.substr(0, 2) == "II"; }
  uint32_t Read(size_t offset, size_t count) const {
    if (offset > bytes_.size() || bytes_.size() - offset < count) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = offset + (little_ ? count - 1 - i : i);
      value = value << 8 | static_cast<unsigned char>(bytes_[at]);
    }
    return value;
  }

 private:
  std::string_view bytes_;
  bool little_ = false;
};

}  // namespace

int ExifOrientation(std::string_view tiff) {
  if (tiff.size() < 8 || (tiff.substr(0, 2) != "II" && tiff.substr(0, 2) != "MM")) return 1;
  const TiffReader reader(tiff);
  if (reader.Read(2, 2) != 42) return 1;
  const size_t directory = reader.Read(4, 4);
  const uint32_t entries = reader.Read(directory, 2);
  for (uint32_t i = 0; i < entries && i < 1000; ++i) {
    const size_t entry = directory + 2 + size_t{12} * i;
    constexpr uint32_t kOrientationTag = 0x0112, kShort = 3;
    if (reader.Read(entry, 2) != kOrientationTag || reader.Read(entry + 2, 2) != kShort) continue;
    const uint32_t value = reader.Read(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

void ApplyOrientation(Decoded* picture) {
  const int orientation = picture->orientation;
  picture->orientation = 1;
  if (orientation == 1) return;
  const int64_t h = picture->height, w = picture->width;
  const bool swaps = orientation >= 5;
  const int64_t out_h = swaps ? w : h, out_w = swaps ? h : w;
  std::vector<uint8_t> out(picture->rgb.size());
  for (int64_t y = 0; y < out_h; ++y) {
    for (int64_t x = 0; x < out_w; ++x) {
      // Where the shown pixel (y, x) is stored: EXIF 2.32, table of orientations.
      int64_t sy = swaps ? x : y, sx = swaps ? y : x;
      if (orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8) sx = w - 1 - sx;
      if (orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7) sy = h - 1 - sy;
      for (int64_t c = 0; c < 3; ++c)
        out[static_cast<size_t>((y * out_w + x) * 3 + c)] = picture->rgb[static_cast<size_t>((sy * w + sx) * 3 + c)];
    }
  }
  picture->rgb = std::move(out);
  picture->height = out_h;
  picture->width = out_w;
  picture->warnings.push_back("turned by its EXIF orientation " + std::to_string(orientation));
}

bool IsSrgbProfile(std::string_view profile) {
  // Descriptions are ASCII or UTF-16: compare without zero bytes.
  std::string text;
  for (const char c : profile.substr(0, 65536)) {
    if (c != '\0') text += c;
  }
  return text.find("sRGB") != std::string::npos || text.find("IEC 61966-2") != std::string::npos ||
         text.find("IEC61966-2") != std::string::npos;
}

}  // namespace tint::internal

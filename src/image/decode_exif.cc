// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "decode_internal.h"

namespace tint::internal {

uint32_t ReadNumber(std::string_view bytes, size_t offset, size_t count, bool little_endian) {
  if (offset > bytes.size() || bytes.size() - offset < count) return 0;
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t at = offset + (little_endian ? count - 1 - i : i);
    value = value << 8 | static_cast<unsigned char>(bytes[at]);
  }
  return value;
}

// TIFF 6.0, section 2: byte order, 42, offset of the directory; entries of 12 bytes: tag, type, count, value.
int ExifOrientation(std::string_view tiff) {
  if (tiff.substr(0, 2) != "II" && tiff.substr(0, 2) != "MM") return 1;
  const bool little = tiff[0] == 'I';
  if (ReadNumber(tiff, 2, 2, little) != 42) return 1;
  const size_t directory = ReadNumber(tiff, 4, 4, little);
  const uint32_t entries = ReadNumber(tiff, directory, 2, little);
  for (uint32_t i = 0; i < entries; ++i) {
    constexpr uint32_t kOrientationTag = 0x0112, kShort = 3;
    const size_t entry = directory + 2 + size_t{12} * i;
    if (ReadNumber(tiff, entry, 2, little) != kOrientationTag) continue;
    const uint32_t value =
        ReadNumber(tiff, entry + 2, 2, little) == kShort ? ReadNumber(tiff, entry + 8, 2, little) : 1;
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

// EXIF 2.32, tag 274: on which side row 0 and column 0 of the stored image are shown.
void ApplyOrientation(RawImage* image) {
  const int orientation = image->orientation;
  if (orientation == 1) return;
  at::Tensor rotated = orientation >= 5 ? image->pixels.transpose(1, 2) : image->pixels;
  const bool flips_rows = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool flips_columns = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  if (flips_rows) rotated = rotated.flip(1);
  if (flips_columns) rotated = rotated.flip(2);
  image->pixels = rotated.contiguous();
  image->orientation = 1;
  image->warnings.push_back("rotated by its EXIF orientation " + std::to_string(orientation));
}

// ICC.1:2010, 7.3: the tag table at byte 128 holds (signature, offset, size); 'desc' is the name of the profile, in
// ASCII or UTF-16, so zero bytes are left out before comparing. "IEC 61966-2-1" is the standard that defines sRGB.
bool IsSrgbProfile(std::string_view profile) {
  constexpr size_t kTagTable = 128;
  const uint32_t tags = ReadNumber(profile, kTagTable, 4);
  for (size_t i = 0; i < tags && kTagTable + 16 + i * 12 <= profile.size(); ++i) {
    const size_t entry = kTagTable + 4 + i * 12;
    if (profile.substr(entry, 4) != "desc") continue;
    const size_t offset = ReadNumber(profile, entry + 4, 4);
    if (offset > profile.size()) return false;
    std::string text;
    for (const char c : profile.substr(offset, ReadNumber(profile, entry + 8, 4))) {
      if (c != '\0') text += c;
    }
    for (const char* name : {"sRGB", "IEC 61966-2", "IEC61966-2"}) {
      if (text.find(name) != std::string::npos) return true;
    }
    return false;
  }
  return false;
}

}  // namespace tint::internal

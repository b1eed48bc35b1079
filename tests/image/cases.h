// SPDX-License-Identifier: Apache-2.0
// The table of bad images: its rows, each with its cases.
#pragma once

#include <ATen/core/Tensor.h>

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tint/base/error.h"
#include "tint/image/decode.h"

namespace tint::testing {

struct ImageCase {
  std::string row;                     // which row of the table
  std::string file;                    // the name under which it is stored, extension included
  std::function<std::string()> bytes;  // what is stored
  std::string reason = {};             // part of the message; "": it is accepted
  std::vector<std::string> warnings = {};
  std::function<at::Tensor()> pixels = {};  // expected when accepted
  double tolerance = 0;                     // largest difference of a byte, for JPEG
  DecodeRules rules = {};
  ExitCode code = ExitCode::kBadInput;
  std::function<void(const std::filesystem::path&)> prepare = {};  // instead of `bytes`: makes the file
};

inline std::ostream& operator<<(std::ostream& out, const ImageCase& entry) {
  return out << entry.row << ": " << entry.file.substr(0, 60);
}

std::vector<ImageCase> JpegCases();        // truncated, damaged, scans, grey, CMYK, EXIF, profiles
std::vector<ImageCase> DamagedPngCases();  // truncated or flipped, bombs
std::vector<ImageCase> PngCases();         // 16 bits, alpha, palettes, EXIF, profiles
std::vector<ImageCase> ContentCases();     // other formats, no images, extensions, sizes, trailing bytes, paths

inline constexpr double kJpegTolerance = 4;
inline constexpr char kGreyWarning[] = "greyscale, replicated to RGB";
inline constexpr char kProfileWarning[] = "its colour profile is not sRGB and is ignored";
inline constexpr char kTrailingWarning[] = "bytes after its end are ignored";
inline constexpr char kCmykWarning[] = "CMYK, converted to RGB without colour management";
inline constexpr char kSixteenWarning[] = "16 bits per channel, rounded to 8";
inline constexpr char kTransparentWarning[] = "transparent parts, composited on white";
inline constexpr char kLongWarning[] = "very elongated: the centre square shows little of it";

}  // namespace tint::testing

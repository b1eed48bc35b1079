// SPDX-License-Identifier: Apache-2.0
#include "tint/image/contact_rows.h"

#include <ATen/core/Tensor.h>

#include "contact_sheet_layout.h"
#include "tint/base/error.h"
#include "tint/image/decode.h"
#include "tint/image/encode.h"

namespace tint {
namespace {

using internal::kSheetCaptionWidth, internal::kSheetGap;

bool IsWhite(const at::Tensor& pixels) { return pixels.eq(255).all().item<bool>(); }

}  // namespace

std::vector<ContactStrip> CutContactSheet(const std::string& png, const std::string& file, int64_t cell) {
  const at::Tensor sheet = DecodeImage(png, file, {.min_side = 1}).pixels;
  const int64_t pitch = cell + kSheetGap, height = sheet.size(1) - kSheetGap;
  const int64_t width = sheet.size(2) - kSheetCaptionWidth - kSheetGap;
  if (height < pitch || width < pitch || height % pitch != 0 || width % pitch != 0)
    Fail(ExitCode::kCorrupt,
         {.file = file,
          .found = std::to_string(sheet.size(2)) + " x " + std::to_string(sheet.size(1)) + " pixels",
          .expected = "rows of images of " + std::to_string(cell) + " pixels, as in a contact sheet"});
  std::vector<ContactStrip> rows;
  for (int64_t row = 0; row < height / pitch; ++row) {
    const at::Tensor all = sheet.narrow(1, kSheetGap + row * pitch, cell);
    int64_t columns = width / pitch;
    while (columns > 1 && IsWhite(all.narrow(2, kSheetCaptionWidth + (columns - 1) * pitch, cell))) --columns;
    const at::Tensor strip = all.narrow(2, kSheetCaptionWidth, columns * pitch - kSheetGap).contiguous();
    rows.push_back({.png = EncodePng(strip), .width = strip.size(2), .height = strip.size(1)});
  }
  return rows;
}

}  // namespace tint

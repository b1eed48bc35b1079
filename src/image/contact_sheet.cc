// SPDX-License-Identifier: Apache-2.0
#include "tint/image/contact_sheet.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <opencv2/imgproc.hpp>

#include "contact_sheet_layout.h"
#include "tint/base/error.h"
#include "tint/image/encode.h"
#include "tint/tensor/checks.h"

namespace tint {
namespace {

constexpr int kGap = internal::kSheetGap, kCaptionWidth = internal::kSheetCaptionWidth;

std::string Ascii(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    if ((c & 0xc0) == 0x80) continue;  // the rest of a UTF-8 character
    out += c >= 32 && c < 127 ? static_cast<char>(c) : '?';
  }
  return out.size() > 18 ? out.substr(0, 17) + "~" : out;
}

// Scaled to fit into cell x cell, keeping the aspect ratio.
cv::Mat Thumbnail(const at::Tensor& pixels, int cell) {
  CheckShape(pixels, {3, -1, -1}, "image of a contact sheet");
  CheckDtype(pixels, at::kByte, "image of a contact sheet");
  at::Tensor rows = pixels.permute({1, 2, 0}).contiguous();
  const cv::Mat image(static_cast<int>(rows.size(0)), static_cast<int>(rows.size(1)), CV_8UC3,
                      rows.mutable_data_ptr<uint8_t>());
  const double scale = static_cast<double>(cell) / std::max(image.rows, image.cols);
  cv::Mat small;
  const cv::Size size(std::max(1, cvRound(image.cols * scale)), std::max(1, cvRound(image.rows * scale)));
  cv::resize(image, small, size, 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_NEAREST);
  return small;
}

}  // namespace

std::string MakeContactSheet(const std::vector<ContactRow>& rows, int64_t cell_size) {
  const int cell = static_cast<int>(cell_size);
  size_t columns = 1;
  for (const ContactRow& row : rows) columns = std::max(columns, row.images.size());
  const int height = static_cast<int>(std::max<size_t>(1, rows.size())) * (cell + kGap) + kGap;
  const int width = kCaptionWidth + static_cast<int>(columns) * (cell + kGap) + kGap;
  cv::Mat sheet(height, width, CV_8UC3, cv::Scalar(255, 255, 255));
  for (size_t r = 0; r < rows.size(); ++r) {
    const int top = kGap + static_cast<int>(r) * (cell + kGap);
    cv::putText(sheet, Ascii(rows[r].caption), cv::Point(kGap, top + cell / 2 + 5), cv::FONT_HERSHEY_SIMPLEX, 0.42,
                cv::Scalar(40, 40, 40), 1, cv::LINE_8);
    for (size_t i = 0; i < rows[r].images.size(); ++i) {
      const cv::Mat small = Thumbnail(rows[r].images[i], cell);
      const int left = kCaptionWidth + static_cast<int>(i) * (cell + kGap);
      small.copyTo(
          sheet(cv::Rect(left + (cell - small.cols) / 2, top + (cell - small.rows) / 2, small.cols, small.rows)));
    }
  }
  at::Tensor pixels = at::empty({height, width, 3}, at::kByte);
  std::copy(sheet.datastart, sheet.dataend, pixels.mutable_data_ptr<uint8_t>());
  return EncodePng(pixels.permute({2, 0, 1}).contiguous());
}

}  // namespace tint

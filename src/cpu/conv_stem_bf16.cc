// SPDX-License-Identifier: Apache-2.0
#include "conv_stem_bf16.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "active_kernels.h"
#include "amx.h"
#include "conv_bf16.h"

namespace tint {
namespace {

constexpr int64_t kDepth = WindowRows::kDepth, kTaps = 3;
constexpr uint16_t kOne = 0x3F80;         // 1 in bfloat16
constexpr int64_t kRowPairsTogether = 4;  // of a sum of products: the packed columns stay in the L2 cache
constexpr int64_t kPlacesOfATile = 32;

WindowRows RowsOf(const Images& images, int64_t filters) { return {images.width, images.channels, filters}; }

RowPair PairOf(const Images& images, int64_t filters, double slope) {
  return {images.width, filters, static_cast<float>(slope)};
}

// An image in bfloat16, channels last, with a border of one pixel.
class PackedImage {
 public:
  explicit PackedImage(const Images& images)
      : images_(images),
        line_((images.width + 2) * images.channels),
        packed_(ZerosBfloat16((images.height + 2) * line_)) {}

  void Pack(int64_t b) {
    const Bfloat16Shape shape = {images_.height, images_.width, images_.channels, 0};
    const int64_t size = images_.height * images_.width * images_.channels;
    ActiveAmxKernels()->pack(shape, images_.data + b * size, MutableBits(packed_));
  }
  // Starts at the row above row y.
  const uint16_t* Above(int64_t y) const { return Bits(packed_) + y * line_; }

 private:
  const Images& images_;
  int64_t line_;
  at::Tensor packed_;
};

// Filters [K, 9 C + 1] for multiply_windows.
at::Tensor PackFilters(const at::Tensor& flat_filters) {
  const int64_t filters = flat_filters.size(0), depth = flat_filters.size(1);
  const at::Tensor all = at::zeros({filters, kDepth}, at::kFloat);
  all.narrow(1, 0, depth).copy_(flat_filters);
  const at::Tensor bias = flat_filters.select(1, -1);
  all.select(1, depth).copy_(bias - bias.to(at::kBFloat16).to(at::kFloat));
  return all.to(at::kBFloat16).view({filters / 16, 16, 16, 2}).permute({0, 2, 1, 3}).contiguous();
}

// The transposed im2col matrix of a group of row pairs: a row for each (u, v, c) of the windows, over their positions,
// and a row of ones.
class TransposedIm2Col {
 public:
  explicit TransposedIm2Col(const Images& images)
      : images_(images),
        even_((images.width + 1) / 2 * 2),
        places_((2 * kRowPairsTogether * even_ + kPlacesOfATile - 1) / kPlacesOfATile * kPlacesOfATile),
        planes_(ZerosBfloat16(images.channels * plane())),
        rows_(ZerosBfloat16(kDepth * places_)) {
    uint16_t* ones = MutableBits(rows_) + 3 * kTaps * images.channels * places_;
    std::fill(ones, ones + places_, kOne);
  }

  int64_t places() const { return places_; }

  // Splits the image into planes of channels.
  void Pack(const PackedImage& image) {
    const int64_t channels = images_.channels;
    const uint16_t* from = image.Above(0);
    for (int64_t c = 0; c < channels; ++c) {
      uint16_t* to = MutableBits(planes_) + c * plane();
      for (int64_t i = 0; i < plane(); ++i) to[i] = from[i * channels + c];
    }
  }

  // Of `count` image rows, starting at row `first`.
  const uint16_t* Of(int64_t first, int64_t count) {
    const int64_t row_stride = images_.width + 2;
    uint16_t* to = MutableBits(rows_);
    for (int64_t u = 0; u < kTaps; ++u) {
      for (int64_t v = 0; v < kTaps; ++v) {
        for (int64_t c = 0; c < images_.channels; ++c, to += places_) {
          const uint16_t* from = Bits(planes_) + c * plane() + (first + u) * row_stride + v;
          for (int64_t row = 0; row < count; ++row)
            std::memcpy(to + row * even_, from + row * row_stride,
                        static_cast<size_t>(images_.width) * sizeof(uint16_t));
        }
      }
    }
    return Bits(rows_);
  }

 private:
  int64_t plane() const { return (images_.height + 2) * (images_.width + 2); }

  const Images& images_;
  int64_t even_, places_;
  at::Tensor planes_, rows_;
};

}  // namespace

bool ConvStemBf16Fits(const Images& images, int64_t filters) {
  return ActiveAmxKernels() != nullptr && images.depth() < kDepth && filters % kDepth == 0;
}

void ConvolveAndPoolBf16(const Images& images, const at::Tensor& flat_filters, double slope, const at::Tensor& output,
                         const at::Tensor& argmax) {
  const int64_t filters = flat_filters.size(0), pairs = images.height / 2, width = images.width / 2 * filters;
  const WindowRows rows = RowsOf(images, filters);
  const at::Tensor packed = PackFilters(flat_filters);
  const AmxKernels& amx = *ActiveAmxKernels();
  float* to = output.mutable_data_ptr<float>();
  auto* choices = argmax.mutable_data_ptr<uint8_t>();
  ParallelOverImages(images.count, [&](int64_t first, int64_t last) {
    PackedImage image(images);
    const at::Tensor windows = ZerosBfloat16(rows.windows() * kDepth);
    std::vector<float> values(static_cast<size_t>(rows.windows() * filters));
    for (int64_t b = first; b < last; ++b) {
      image.Pack(b);
      for (int64_t pair = 0; pair < pairs; ++pair) {
        amx.im2col(rows, image.Above(2 * pair), MutableBits(windows));
        amx.multiply_windows(rows, Bits(windows), Bits(packed), values.data());
        const int64_t at = (b * pairs + pair) * width;
        ActiveKernels().pool_rows(PairOf(images, filters, slope), values.data(), to + at, choices + at);
      }
    }
  });
}

at::Tensor SumAtArgmaxBf16(const Images& images, const at::Tensor& given, const at::Tensor& argmax, double slope) {
  const int64_t filters = given.size(1), pairs = images.height / 2, width = images.width / 2 * filters;
  const int64_t of_a_pair = 2 * RowsOf(images, filters).even_width() * filters;
  const AmxKernels& amx = *ActiveAmxKernels();
  const at::Tensor parts = at::zeros({images.count, kDepth, filters}, at::kFloat);
  const float* gradient = given.const_data_ptr<float>();
  const auto* choices = argmax.const_data_ptr<uint8_t>();
  ParallelOverImages(images.count, [&](int64_t first, int64_t last) {
    PackedImage image(images);
    TransposedIm2Col columns(images);
    const at::Tensor spread = ZerosBfloat16(columns.places() * filters);
    for (int64_t b = first; b < last; ++b) {
      image.Pack(b);
      columns.Pack(image);
      for (int64_t pair = 0; pair < pairs; pair += kRowPairsTogether) {
        const int64_t count = std::min(kRowPairsTogether, pairs - pair);
        for (int64_t i = 0; i < count; ++i) {
          const int64_t at = (b * pairs + pair + i) * width;
          amx.max_unpool_pairs(PairOf(images, filters, slope), gradient + at, choices + at,
                               MutableBits(spread) + i * of_a_pair);
        }
        // What is left of the group before, where this one is smaller.
        std::memset(MutableBits(spread) + count * of_a_pair, 0,
                    static_cast<size_t>(columns.places() * filters - count * of_a_pair) * sizeof(uint16_t));
        amx.add_window_products(columns.places(), filters, columns.Of(2 * pair, 2 * count), Bits(spread),
                                parts.mutable_data_ptr<float>() + b * kDepth * filters);
      }
    }
  });
  return parts.narrow(1, 0, images.depth()).to(at::kDouble).sum(0);
}

}  // namespace tint

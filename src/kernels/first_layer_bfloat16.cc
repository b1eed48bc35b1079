#include "first_layer_bfloat16.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "amx.h"
#include "convolve_bfloat16.h"
#include "processor_kernels.h"

namespace tint {
namespace {

constexpr int64_t kDepth = WindowRows::kDepth, kTaps = 3;
constexpr uint16_t kOne = 0x3F80;         // 1 in bfloat16
constexpr int64_t kRowPairsTogether = 4;  // of a sum of products: what is laid stays in the second cache
constexpr int64_t kPlacesOfATile = 32;

WindowRows RowsOf(const Pictures& pictures, int64_t filters) { return {pictures.width, pictures.channels, filters}; }

RowPair PairOf(const Pictures& pictures, int64_t filters, double slope) {
  return {pictures.width, filters, static_cast<float>(slope)};
}

// A picture in bfloat16, channels last, with a border of one pixel.
class LaidPicture {
 public:
  explicit LaidPicture(const Pictures& pictures)
      : pictures_(pictures),
        line_((pictures.width + 2) * pictures.channels),
        laid_(ZerosBfloat16((pictures.height + 2) * line_)) {}

  void Lay(int64_t b) {
    const Bfloat16Shape shape = {pictures_.height, pictures_.width, pictures_.channels, 0};
    const int64_t size = pictures_.height * pictures_.width * pictures_.channels;
    AmxOfThisProcessor()->lay(shape, pictures_.data + b * size, MutableBits(laid_));
  }
  // From the row above row y on.
  const uint16_t* Above(int64_t y) const { return Bits(laid_) + y * line_; }

 private:
  const Pictures& pictures_;
  int64_t line_;
  at::Tensor laid_;
};

// Filters [K, 9 C + 1] for multiply_windows.
at::Tensor PackFilters(const at::Tensor& laid) {
  const int64_t filters = laid.size(0), depth = laid.size(1);
  const at::Tensor all = at::zeros({filters, kDepth}, at::kFloat);
  all.narrow(1, 0, depth).copy_(laid);
  const at::Tensor bias = laid.select(1, -1);
  all.select(1, depth).copy_(bias - bias.to(at::kBFloat16).to(at::kFloat));
  return all.to(at::kBFloat16).view({filters / 16, 16, 16, 2}).permute({0, 2, 1, 3}).contiguous();
}

// The numbers (u, v, c) of the windows of a group of row pairs, each as a row over their places, and a row of ones.
class NumberRows {
 public:
  explicit NumberRows(const Pictures& pictures)
      : pictures_(pictures),
        even_((pictures.width + 1) / 2 * 2),
        places_((2 * kRowPairsTogether * even_ + kPlacesOfATile - 1) / kPlacesOfATile * kPlacesOfATile),
        planes_(ZerosBfloat16(pictures.channels * plane())),
        rows_(ZerosBfloat16(kDepth * places_)) {
    uint16_t* ones = MutableBits(rows_) + 3 * kTaps * pictures.channels * places_;
    std::fill(ones, ones + places_, kOne);
  }

  int64_t places() const { return places_; }

  // Takes a picture's channels apart.
  void Lay(const LaidPicture& picture) {
    const int64_t channels = pictures_.channels;
    const uint16_t* from = picture.Above(0);
    for (int64_t c = 0; c < channels; ++c) {
      uint16_t* to = MutableBits(planes_) + c * plane();
      for (int64_t i = 0; i < plane(); ++i) to[i] = from[i * channels + c];
    }
  }

  // Of `count` picture rows from row `first` on.
  const uint16_t* Of(int64_t first, int64_t count) {
    const int64_t across = pictures_.width + 2;
    uint16_t* to = MutableBits(rows_);
    for (int64_t u = 0; u < kTaps; ++u) {
      for (int64_t v = 0; v < kTaps; ++v) {
        for (int64_t c = 0; c < pictures_.channels; ++c, to += places_) {
          const uint16_t* from = Bits(planes_) + c * plane() + (first + u) * across + v;
          for (int64_t row = 0; row < count; ++row)
            std::memcpy(to + row * even_, from + row * across, static_cast<size_t>(pictures_.width) * sizeof(uint16_t));
        }
      }
    }
    return Bits(rows_);
  }

 private:
  int64_t plane() const { return (pictures_.height + 2) * (pictures_.width + 2); }

  const Pictures& pictures_;
  int64_t even_, places_;
  at::Tensor planes_, rows_;
};

}  // namespace

bool FirstLayerBfloat16Fits(const Pictures& pictures, int64_t filters) {
  return AmxOfThisProcessor() != nullptr && pictures.depth() < kDepth && filters % kDepth == 0;
}

void ConvolveAndPoolBfloat16(const Pictures& pictures, const at::Tensor& laid, double slope, const at::Tensor& output,
                             const at::Tensor& chosen) {
  const int64_t filters = laid.size(0), pairs = pictures.height / 2, width = pictures.width / 2 * filters;
  const WindowRows rows = RowsOf(pictures, filters);
  const at::Tensor packed = PackFilters(laid);
  const AmxKernels& amx = *AmxOfThisProcessor();
  float* to = output.mutable_data_ptr<float>();
  auto* choices = chosen.mutable_data_ptr<uint8_t>();
  SpreadPictures(pictures.count, [&](int64_t first, int64_t last) {
    LaidPicture picture(pictures);
    const at::Tensor windows = ZerosBfloat16(rows.windows() * kDepth);
    std::vector<float> values(static_cast<size_t>(rows.windows() * filters));
    for (int64_t b = first; b < last; ++b) {
      picture.Lay(b);
      for (int64_t pair = 0; pair < pairs; ++pair) {
        amx.lay_windows(rows, picture.Above(2 * pair), MutableBits(windows));
        amx.multiply_windows(rows, Bits(windows), Bits(packed), values.data());
        const int64_t at = (b * pairs + pair) * width;
        KernelsOfThisProcessor().pool_rows(PairOf(pictures, filters, slope), values.data(), to + at, choices + at);
      }
    }
  });
}

at::Tensor SumOfChosenBfloat16(const Pictures& pictures, const at::Tensor& given, const at::Tensor& chosen,
                               double slope) {
  const int64_t filters = given.size(1), pairs = pictures.height / 2, width = pictures.width / 2 * filters;
  const int64_t of_a_pair = 2 * RowsOf(pictures, filters).even_width() * filters;
  const AmxKernels& amx = *AmxOfThisProcessor();
  const at::Tensor parts = at::zeros({pictures.count, kDepth, filters}, at::kFloat);
  const float* gradient = given.const_data_ptr<float>();
  const auto* choices = chosen.const_data_ptr<uint8_t>();
  SpreadPictures(pictures.count, [&](int64_t first, int64_t last) {
    LaidPicture picture(pictures);
    NumberRows numbers(pictures);
    const at::Tensor spread = ZerosBfloat16(numbers.places() * filters);
    for (int64_t b = first; b < last; ++b) {
      picture.Lay(b);
      numbers.Lay(picture);
      for (int64_t pair = 0; pair < pairs; pair += kRowPairsTogether) {
        const int64_t count = std::min(kRowPairsTogether, pairs - pair);
        for (int64_t i = 0; i < count; ++i) {
          const int64_t at = (b * pairs + pair + i) * width;
          amx.spread_pairs(PairOf(pictures, filters, slope), gradient + at, choices + at,
                           MutableBits(spread) + i * of_a_pair);
        }
        // Of the group before, where this one is smaller.
        std::memset(MutableBits(spread) + count * of_a_pair, 0,
                    static_cast<size_t>(numbers.places() * filters - count * of_a_pair) * sizeof(uint16_t));
        amx.add_window_products(numbers.places(), filters, numbers.Of(2 * pair, 2 * count), Bits(spread),
                                parts.mutable_data_ptr<float>() + b * kDepth * filters);
      }
    }
  });
  return parts.narrow(1, 0, pictures.depth()).to(at::kDouble).sum(0);
}

}  // namespace tint

#include "convolve_narrow.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cstring>

#include "processor_kernels.h"

namespace tint {
namespace {

struct Pictures {
  const float* data;  // [B, height, width, channels]
  int64_t height, width, channels;

  int64_t depth() const { return 9 * channels + 1; }
  at::Tensor Windows() const { return at::empty({width, depth()}, at::kFloat); }
};

Pictures PicturesOf(const at::Tensor& input) {
  return {input.const_data_ptr<float>(), input.size(2), input.size(3), input.size(1)};
}

// The windows of 3x3 pixels around a row's pixels, zeros outside the picture; row counts through all pictures.
void LayWindows(const Pictures& pictures, int64_t row, float* to) {
  const int64_t line = pictures.width * pictures.channels, depth = pictures.depth(), channels = pictures.channels;
  const int64_t y = row % pictures.height;
  for (int64_t u = 0; u < 3; ++u) {
    const bool outside = y + u < 1 || y + u > pictures.height;
    const float* from = pictures.data + (row + u - 1) * line;
    for (int64_t x = 0; x < pictures.width; ++x) {
      float* window = to + x * depth + u * 3 * channels;
      // Of the three pixels from x - 1 on, those inside.
      const int64_t skipped = x == 0 ? 1 : 0, last = x + 1 == pictures.width ? 2 : 3;
      if (outside || last - skipped < 3) std::memset(window, 0, static_cast<size_t>(3 * channels) * sizeof(float));
      if (outside) continue;
      std::memcpy(window + skipped * channels, from + (x - 1 + skipped) * channels,
                  static_cast<size_t>((last - skipped) * channels) * sizeof(float));
    }
  }
  for (int64_t x = 0; x < pictures.width; ++x) to[x * depth + depth - 1] = 1;
}

// Filters [K, C, 3, 3] and the bias under them as the panels of MatrixProduct, [K / 16, 9 C + 1, 16].
at::Tensor Panels(const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const int64_t filters = weight.size(0);
  const at::Tensor base = bias ? *bias : at::zeros({filters}, at::kFloat);
  return at::cat({weight.permute({0, 2, 3, 1}).reshape({filters, -1}), base.unsqueeze(1)}, 1)
      .reshape({filters / kPanel, kPanel, -1})
      .transpose(1, 2)
      .contiguous();
}

at::Tensor Convolve(const at::Tensor& input, const at::Tensor& panels) {
  const Pictures pictures = PicturesOf(input);
  const int64_t filters = panels.size(0) * kPanel, depth = pictures.depth();
  const at::Tensor output = at::empty({input.size(0), filters, input.size(2), input.size(3)},
                                      at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* to = output.mutable_data_ptr<float>();
  at::parallel_for(0, input.size(0) * pictures.height, 16, [&](int64_t first, int64_t last) {
    const at::Tensor windows = pictures.Windows();
    const MatrixProduct product = {pictures.width, depth, filters, depth, 1, depth * kPanel, kPanel, false};
    for (int64_t row = first; row < last; ++row) {
      LayWindows(pictures, row, windows.mutable_data_ptr<float>());
      KernelsOfThisProcessor().multiply(product, windows.const_data_ptr<float>(), panels.const_data_ptr<float>(),
                                        to + row * pictures.width * filters);
    }
  });
  return output;
}

// [9 C + 1, K]: the filters' gradients and below them the bias's. Each picture is summed on its own, and the pictures
// in order: the result does not depend on the number of threads.
at::Tensor SumOfProducts(const at::Tensor& input, const at::Tensor& given) {
  const Pictures pictures = PicturesOf(input);
  const int64_t filters = given.size(1), depth = pictures.depth();
  const at::Tensor parts = at::zeros({input.size(0), depth, filters}, at::kFloat);
  const float* gradient = given.const_data_ptr<float>();
  at::parallel_for(0, input.size(0), 1, [&](int64_t first, int64_t last) {
    const at::Tensor windows = pictures.Windows();
    const MatrixProduct product = {depth, pictures.width, filters, 1, depth, kPanel, filters, true};
    for (int64_t row = first * pictures.height; row < last * pictures.height; ++row) {
      LayWindows(pictures, row, windows.mutable_data_ptr<float>());
      KernelsOfThisProcessor().multiply(product, windows.const_data_ptr<float>(),
                                        gradient + row * pictures.width * filters,
                                        parts.mutable_data_ptr<float>() + row / pictures.height * depth * filters);
    }
  });
  return parts.sum(0);
}

}  // namespace

at::Tensor ConvolveNarrow(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  return Convolve(input, Panels(weight, bias));
}

std::tuple<at::Tensor, at::Tensor> GradientsNarrow(const at::Tensor& input, const at::Tensor& given) {
  const at::Tensor sum = SumOfProducts(input, given);
  return {sum.slice(0, 0, -1).reshape({3, 3, input.size(1), given.size(1)}).permute({3, 2, 0, 1}).contiguous(),
          sum[-1].clone()};
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "conv_narrow.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "active_kernels.h"
#include "im2col.h"

namespace tint {
namespace {

at::Tensor Convolve(const at::Tensor& input, const at::Tensor& panels) {
  const Images images(input);
  const int64_t filters = panels.size(0) * kPanel, depth = images.depth();
  const at::Tensor output = at::empty({input.size(0), filters, input.size(2), input.size(3)},
                                      at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  float* to = output.mutable_data_ptr<float>();
  at::parallel_for(0, input.size(0) * images.height, 16, [&](int64_t first, int64_t last) {
    const at::Tensor windows = images.Windows(1);
    const MatrixProduct product = {images.width, depth, filters, images.stride(), 1, depth * kPanel, kPanel, false};
    for (int64_t row = first; row < last; ++row) {
      images.Im2Col(row, windows.mutable_data_ptr<float>());
      ActiveKernels().multiply(product, windows.const_data_ptr<float>(), panels.const_data_ptr<float>(),
                               to + row * images.width * filters);
    }
  });
  return output;
}

// [9 C + 1, K]: the filters' gradients and below them the bias's. Each image is summed separately, and the images in
// order: the result does not depend on the number of threads.
at::Tensor SumOfProducts(const at::Tensor& input, const at::Tensor& given) {
  const Images images(input);
  const int64_t filters = given.size(1), depth = images.depth();
  const at::Tensor parts = at::zeros({input.size(0), depth, filters}, at::kFloat);
  const float* gradient = given.const_data_ptr<float>();
  at::parallel_for(0, input.size(0), 1, [&](int64_t first, int64_t last) {
    const at::Tensor windows = images.Windows(1);
    const MatrixProduct product = {depth, images.width, filters, 1, images.stride(), kPanel, filters, true};
    for (int64_t row = first * images.height; row < last * images.height; ++row) {
      images.Im2Col(row, windows.mutable_data_ptr<float>());
      ActiveKernels().multiply(product, windows.const_data_ptr<float>(), gradient + row * images.width * filters,
                               parts.mutable_data_ptr<float>() + row / images.height * depth * filters);
    }
  });
  return parts.sum(0);
}

}  // namespace

bool FiltersFit(const at::Tensor& input, const at::Tensor& weight) {
  return input.device().is_cpu() && input.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
         input.dim() == 4 && weight.dim() == 4 && weight.size(2) == 3 && weight.size(3) == 3 && input.numel() > 0 &&
         input.is_contiguous(at::MemoryFormat::ChannelsLast) && weight.size(0) % kPanel == 0 &&
         weight.size(1) == input.size(1);
}

bool ConvNarrowFits(const at::Tensor& input, const at::Tensor& weight) {
  return FiltersFit(input, weight) && input.size(1) < kPanel;
}

at::Tensor ConvNarrow(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  return Convolve(input, Panels(PackFilters(weight, bias)));
}

std::tuple<at::Tensor, at::Tensor> ConvNarrowGradients(const at::Tensor& input, const at::Tensor& given) {
  const at::Tensor sum = SumOfProducts(input, given);
  return UnpackFilters(sum.t());
}

}  // namespace tint

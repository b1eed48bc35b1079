// SPDX-License-Identifier: Apache-2.0
#include "conv_bf16.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "amx.h"
#include "conv_narrow.h"
#include "ordered_sum.h"

namespace tint {
namespace {

constexpr int64_t kDepth = Bfloat16Shape::kDepth;

Bfloat16Shape ShapeOf(const at::Tensor& input, int64_t filters) {
  return {input.size(2), input.size(3), input.size(1), filters};
}

// [K / 32, 9, C / 32] pairs of tiles of weights, each tile 16 pairs of channels of 16 filters.
at::Tensor PackFilters(const at::Tensor& weight) {
  const int64_t filters = weight.size(0), channels = weight.size(1);
  return weight.permute({2, 3, 1, 0})
      .reshape({9, channels / kDepth, 16, 2, filters / kDepth, 2, 16})
      .permute({4, 0, 1, 5, 2, 6, 3})
      .to(at::kBFloat16)
      .contiguous();
}

}  // namespace

bool AutocastsToBfloat16() {
  return at::autocast::is_autocast_enabled(at::kCPU) && at::autocast::get_autocast_dtype(at::kCPU) == at::kBFloat16;
}

const uint16_t* Bits(const at::Tensor& numbers) { return static_cast<const uint16_t*>(numbers.const_data_ptr()); }
uint16_t* MutableBits(const at::Tensor& numbers) { return static_cast<uint16_t*>(numbers.mutable_data_ptr()); }
at::Tensor ZerosBfloat16(int64_t count) { return at::zeros({count}, at::kBFloat16); }

void ParallelOverImages(int64_t images, const std::function<void(int64_t first, int64_t last)>& work) {
  const AmxKernels& amx = *ActiveAmxKernels();
  at::parallel_for(0, images, 1, [&](int64_t first, int64_t last) {
    amx.begin();
    work(first, last);
    amx.end();
  });
}

bool ConvBf16Fits(const at::Tensor& input, const at::Tensor& weight) {
  return ActiveAmxKernels() != nullptr && FiltersFit(input, weight) && input.size(1) % kDepth == 0 &&
         weight.size(0) % kDepth == 0;
}

at::Tensor ConvBf16(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias) {
  const Bfloat16Shape shape = ShapeOf(input, weight.size(0));
  const at::Tensor filters = PackFilters(weight);
  const at::Tensor output = at::empty({input.size(0), shape.filters, shape.height, shape.width},
                                      at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  const int64_t pixels = shape.height * shape.width;
  const float *from = input.const_data_ptr<float>(),
              *bias_data = bias.defined() ? bias.const_data_ptr<float>() : nullptr;
  float* to = output.mutable_data_ptr<float>();
  const AmxKernels& amx = *ActiveAmxKernels();
  ParallelOverImages(input.size(0), [&](int64_t first, int64_t last) {
    const at::Tensor packed = ZerosBfloat16(shape.packed_size() * shape.channels);
    for (int64_t b = first; b < last; ++b) {
      amx.pack(shape, from + b * pixels * shape.channels, MutableBits(packed));
      amx.convolve(shape, Bits(packed), Bits(filters), bias_data, to + b * pixels * shape.filters);
    }
  });
  return output;
}

at::Tensor ConvBf16WeightGradient(const at::Tensor& input, const at::Tensor& given) {
  const Bfloat16Shape shape = ShapeOf(input, given.size(1));
  const int64_t pixels = shape.height * shape.width;
  const float *from = input.const_data_ptr<float>(), *gradient = given.const_data_ptr<float>();
  const AmxKernels& amx = *ActiveAmxKernels();
  OrderedSum sums;
  ParallelOverImages(input.size(0), [&](int64_t first, int64_t last) {
    const at::Tensor packed = ZerosBfloat16(shape.packed_size() * shape.channels),
                     pairs = ZerosBfloat16(shape.positions() * shape.filters);
    const at::Tensor sum = at::zeros({9, shape.channels, shape.filters}, at::kFloat);
    for (int64_t b = first; b < last; ++b) {
      amx.pack_transposed(shape, from + b * pixels * shape.channels, MutableBits(packed));
      amx.pack_pairs(shape, gradient + b * pixels * shape.filters, MutableBits(pairs));
      amx.add_products(shape, Bits(packed), Bits(pairs), sum.mutable_data_ptr<float>());
    }
    sums.Add(first, sum);
  });
  return sums.Total().view({3, 3, shape.channels, shape.filters}).permute({3, 2, 0, 1}).contiguous();
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/conv3x3.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <tuple>

#include "active_kernels.h"
#include "conv_bf16.h"
#include "conv_narrow.h"
#include "ordered_sum.h"

namespace tint {
namespace {

// Floats of a block's transformed values: few enough to stay in a core's cache beside the filters, enough tiles for a
// matrix product, whose tiles of 6 or 12 rows divide kFewestTiles.
constexpr int64_t kBlockFloats = 1 << 17;
constexpr int64_t kFewestTiles = 24, kMostTiles = 240;

// G of winograd_passes.h, [6, 3].
const at::Tensor& FilterTransform() {
  static const at::Tensor transform =
      at::tensor({1.0 / 4, 0.0, 0.0, -1.0 / 6, -1.0 / 6, -1.0 / 6, -1.0 / 6, 1.0 / 6, -1.0 / 6, 1.0 / 24, 1.0 / 12,
                  1.0 / 6, 1.0 / 24, -1.0 / 12, 1.0 / 6, 0.0, 0.0, 1.0},
                 at::kFloat)
          .view({6, 3});
  return transform;
}

// G g G^T of filters [K, C, 3, 3], as [36, K / 16, C, 16]: the panels of MatrixProduct.
at::Tensor TransformFilters(const at::Tensor& weight) {
  const at::Tensor& g = FilterTransform();
  return at::einsum("ai,bj,kcij->abkc", {g, g, weight})
      .reshape({kPoints, weight.size(0) / kPanel, kPanel, weight.size(1)})
      .transpose(2, 3)
      .contiguous();
}

int64_t TilesAlong(int64_t side) { return (side + kTile - 1) / kTile; }

WinogradTiles TilesOf(const at::Tensor& images) {
  return {.height = images.size(2),
          .width = images.size(3),
          .channels = images.size(1),
          .rows = TilesAlong(images.size(2)),
          .columns = TilesAlong(images.size(3))};
}

int64_t TilesOfABlock(int64_t channels, int64_t filters) {
  const int64_t tiles = kBlockFloats / (kPoints * (channels + filters));
  return std::clamp(tiles / kFewestTiles * kFewestTiles, kFewestTiles, kMostTiles);
}

// All tiles of a batch, `capacity` a block.
struct Blocks {
  int64_t tiles, capacity;

  WinogradBlock At(int64_t k) const { return {k * capacity, std::min(capacity, tiles - k * capacity), capacity}; }
  // work(first, last) for ranges of blocks, a range a thread.
  template <class Work>
  void ForEachRange(const Work& work) const {
    at::parallel_for(0, (tiles + capacity - 1) / capacity, 1, work);
  }
};

Blocks BlocksOf(const at::Tensor& images, int64_t filters) {
  return {images.size(0) * TilesOf(images).per_image(), TilesOfABlock(images.size(1), filters)};
}

at::Tensor PointsOf(const Blocks& blocks, int64_t channels) {
  return at::empty({kPoints, blocks.capacity, channels}, at::kFloat);
}

// The product of each of the 36 points; a_point, b_point and c_point are the strides between points in a, b and c.
void MultiplyPoints(const MatrixProduct& product, const float* a, int64_t a_point, const float* b, int64_t b_point,
                    float* c, int64_t c_point) {
  for (int64_t p = 0; p < kPoints; ++p)
    ActiveKernels().multiply(product, a + p * a_point, b + p * b_point, c + p * c_point);
}

// input channels last; filters as TransformFilters gives them.
at::Tensor Convolve(const at::Tensor& input, const at::Tensor& filters, const float* bias) {
  const int64_t channels = input.size(1), width = filters.size(1) * kPanel;
  const at::Tensor output = at::empty({input.size(0), width, input.size(2), input.size(3)},
                                      at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  const WinogradTiles read = TilesOf(input), written = TilesOf(output);
  const Blocks blocks = BlocksOf(input, width);
  const at::Tensor zeros = at::zeros({channels}, at::kFloat);
  const float* from = input.const_data_ptr<float>();
  float* to = output.mutable_data_ptr<float>();
  const CpuKernels& kernels = ActiveKernels();
  blocks.ForEachRange([&](int64_t first, int64_t last) {
    const at::Tensor windows = PointsOf(blocks, channels), products = PointsOf(blocks, width);
    for (int64_t k = first; k < last; ++k) {
      const WinogradBlock block = blocks.At(k);
      kernels.winograd_input(from, read, block, zeros.const_data_ptr<float>(), windows.mutable_data_ptr<float>());
      const MatrixProduct product = {block.count, channels, width, channels, 1, channels * kPanel, kPanel, false};
      MultiplyPoints(product, windows.const_data_ptr<float>(), block.capacity * channels,
                     filters.const_data_ptr<float>(), channels * width, products.mutable_data_ptr<float>(),
                     block.capacity * width);
      kernels.winograd_output(products.const_data_ptr<float>(), written, block, bias, to);
    }
  });
  return output;
}

// Sum over tiles of (B^T d B) * (A dy A^T), [36, C, K].
at::Tensor SumOfProducts(const at::Tensor& input, const at::Tensor& given) {
  const int64_t channels = input.size(1), width = given.size(1);
  const WinogradTiles read = TilesOf(input), gave = TilesOf(given);
  const Blocks blocks = BlocksOf(input, width);
  const at::Tensor zeros = at::zeros({std::max(channels, width)}, at::kFloat);
  const float *from = input.const_data_ptr<float>(), *gradient = given.const_data_ptr<float>();
  const CpuKernels& kernels = ActiveKernels();
  OrderedSum sums;
  blocks.ForEachRange([&](int64_t first, int64_t last) {
    const at::Tensor windows = PointsOf(blocks, channels), outputs = PointsOf(blocks, width);
    const at::Tensor sum = at::zeros({kPoints, channels, width}, at::kFloat);
    for (int64_t k = first; k < last; ++k) {
      const WinogradBlock block = blocks.At(k);
      kernels.winograd_input(from, read, block, zeros.const_data_ptr<float>(), windows.mutable_data_ptr<float>());
      kernels.winograd_gradient(gradient, gave, block, zeros.const_data_ptr<float>(),
                                outputs.mutable_data_ptr<float>());
      const MatrixProduct product = {channels, block.count, width, 1, channels, kPanel, width, true};
      MultiplyPoints(product, windows.const_data_ptr<float>(), block.capacity * channels,
                     outputs.const_data_ptr<float>(), block.capacity * width, sum.mutable_data_ptr<float>(),
                     channels * width);
    }
    sums.Add(first, sum);
  });
  return sums.Total();
}

// d loss / d weight [K, C, 3, 3] = G^T (sum of products) G.
at::Tensor WeightGradient(const at::Tensor& input, const at::Tensor& given) {
  const at::Tensor& g = FilterTransform();
  const at::Tensor sum = SumOfProducts(input, given).view({6, 6, input.size(1), given.size(1)});
  return at::einsum("ai,bj,abck->kcij", {g, g, sum}).contiguous();
}

// A stem's images (conv_narrow.h); others take Winograd's algorithm.
bool IsNarrow(const at::Tensor& input) { return input.size(1) < kPanel; }

at::Tensor InputGradient(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& given, bool bfloat16) {
  // Rarely needed.
  if (IsNarrow(input)) return at::conv_transpose2d(given, weight, {}, {1, 1}, {1, 1});
  // The gradient of the input is a convolution too, with the filters rotated by 180 degrees.
  const at::Tensor rotated = weight.flip({2, 3}).transpose(0, 1);
  return bfloat16 ? ConvBf16(given, rotated, {}) : Convolve(given, TransformFilters(rotated), nullptr);
}

class Conv3x3Function : public torch::autograd::Function<Conv3x3Function> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const std::optional<at::Tensor>& bias, bool bfloat16) {
    context->save_for_backward({input, weight});
    context->saved_data["bias"] = bias.has_value();
    context->saved_data["bfloat16"] = bfloat16;
    if (IsNarrow(input)) return ConvNarrow(input, weight, bias);
    const at::Tensor given_bias = bias ? bias->contiguous() : at::Tensor();
    if (bfloat16) return ConvBf16(input, weight, given_bias);
    return Convolve(input, TransformFilters(weight), bias ? given_bias.const_data_ptr<float>() : nullptr);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &weight = saved[1];
    const at::Tensor given = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const bool bfloat16 = context->saved_data["bfloat16"].toBool();
    const bool needs_weight = context->needs_input_grad(1);
    // needs_input_grad counts an absent bias as no input.
    const bool needs_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    at::Tensor of_input, of_weight, of_bias;
    if (context->needs_input_grad(0)) of_input = InputGradient(input, weight, given, bfloat16);
    if (IsNarrow(input)) {
      if (needs_weight || needs_bias) std::tie(of_weight, of_bias) = ConvNarrowGradients(input, given);
    } else {
      if (needs_weight) of_weight = bfloat16 ? ConvBf16WeightGradient(input, given) : WeightGradient(input, given);
      if (needs_bias) of_bias = given.sum({0, 2, 3});
    }
    return {of_input, of_weight, needs_bias ? of_bias : at::Tensor(), at::Tensor()};
  }
};

// Over small images tiles reach so far beyond the border that nothing is gained.
bool TilesFit(int64_t height, int64_t width) {
  return TilesAlong(height) * TilesAlong(width) * kTile * kTile <= 2 * height * width;
}

bool Fits(const at::Tensor& input, const at::Tensor& weight, bool bfloat16) {
  if (ConvNarrowFits(input, weight)) return true;
  if (bfloat16) return ConvBf16Fits(input, weight);
  return !at::autocast::is_autocast_enabled(at::kCPU) && FiltersFit(input, weight) && input.size(1) % kPanel == 0 &&
         TilesFit(input.size(2), input.size(3));
}

}  // namespace

at::Tensor Conv3x3(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias) {
  const std::optional<at::Tensor> given_bias = bias && bias->defined() ? bias : std::nullopt;
  const bool bfloat16 = AutocastsToBfloat16();
  if (!Fits(input, weight, bfloat16))
    return at::conv2d(input, weight, given_bias.value_or(at::Tensor()), {1, 1}, {1, 1});
  // Operators that our kernels call in float32 must stay in float32.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCPU);
  return Conv3x3Function::apply(input, weight, given_bias, bfloat16);
}

}  // namespace tint

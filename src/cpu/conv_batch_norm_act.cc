// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/conv_batch_norm_act.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <tuple>
#include <vector>

#include "active_kernels.h"
#include "batch_norm_stats.h"
#include "conv_bf16.h"
#include "conv_narrow.h"
#include "conv_stem_bf16.h"
#include "im2col.h"

namespace tint {
namespace {

// G [D, D] in double, D = 9 C + 1.
at::Tensor SecondMoments(const Images& images) {
  const int64_t depth = images.depth(), stride = images.stride();
  const at::Tensor parts = at::zeros({images.count, depth, stride}, at::kDouble);
  at::parallel_for(0, images.count, 1, [&](int64_t first, int64_t last) {
    const at::Tensor windows = images.Windows(1), row_sums = at::empty({depth, stride}, at::kFloat);
    const float* of_row = row_sums.const_data_ptr<float>();
    const MatrixProduct product = {depth, images.width, stride, 1, stride, kPanel, stride, false};
    for (int64_t row = first * images.height; row < last * images.height; ++row) {
      images.Im2Col(row, windows.mutable_data_ptr<float>());
      ActiveKernels().multiply(product, windows.const_data_ptr<float>(), windows.const_data_ptr<float>(),
                               row_sums.mutable_data_ptr<float>());
      double* sum = parts.mutable_data_ptr<double>() + row / images.height * depth * stride;
      for (int64_t i = 0; i < depth * stride; ++i) sum[i] += static_cast<double>(of_row[i]);
    }
  });
  return parts.sum(0).slice(1, 0, depth).contiguous();
}

// Of x = flat_filters p~ for each filter, from G / n; flat_filters [K, D] in double.
struct Moments {
  at::Tensor means, variances;  // double [K]
};

Moments MomentsOf(const at::Tensor& flat_filters, const at::Tensor& second_moments) {
  const at::Tensor mean = second_moments[-1] / second_moments[-1][-1];
  const at::Tensor covariance = second_moments / second_moments[-1][-1] - at::outer(mean, mean);
  return {at::matmul(flat_filters, mean), (at::matmul(flat_filters, covariance) * flat_filters).sum(1)};
}

std::vector<double> Doubles(const at::Tensor& tensor) {
  const double* from = tensor.const_data_ptr<double>();
  return {from, from + tensor.numel()};
}

RowPair RowsOf(const Images& images, int64_t channels, double slope) {
  return {images.width, channels, static_cast<float>(slope)};
}

// Calls work(b, pair, windows) for the im2col windows of image b's rows 2 pair and 2 pair + 1, one row after the other.
// A last row without a partner is dropped. Each image is computed by one thread.
template <class Work>
void ForEachPair(const Images& images, const Work& work) {
  at::parallel_for(0, images.count, 1, [&](int64_t first, int64_t last) {
    const at::Tensor windows = images.Windows(2);
    auto* columns = windows.mutable_data_ptr<float>();
    for (int64_t b = first; b < last; ++b) {
      for (int64_t pair = 0; pair < images.height / 2; ++pair) {
        const int64_t row = b * images.height + 2 * pair;
        images.Im2Col(row, columns);
        images.Im2Col(row + 1, columns + images.width * images.stride());
        work(b, pair, columns);
      }
    }
  });
}

// The pooled values of a = flat_filters p~, [B, K, H / 2, W / 2], and argmax (PoolRows), of the same shape in bytes.
void ConvolveAndPool(const Images& images, const at::Tensor& flat_filters, double slope, const at::Tensor& output,
                     const at::Tensor& argmax) {
  const int64_t filters = flat_filters.size(0), rows = images.height / 2, width = images.width / 2 * filters;
  const at::Tensor panels = Panels(flat_filters);
  const MatrixProduct product = {2 * images.width,        images.depth(), filters, images.stride(), 1,
                                 images.depth() * kPanel, kPanel,         false};
  ForEachPair(images, [&](int64_t b, int64_t pair, const float* windows) {
    thread_local std::vector<float> values;
    values.resize(static_cast<size_t>(2 * images.width * filters));
    ActiveKernels().multiply(product, windows, panels.const_data_ptr<float>(), values.data());
    const int64_t to = (b * rows + pair) * width;
    ActiveKernels().pool_rows(RowsOf(images, filters, slope), values.data(), output.mutable_data_ptr<float>() + to,
                              argmax.mutable_data_ptr<uint8_t>() + to);
  });
}

// S [D, K] in double.
at::Tensor SumAtArgmax(const Images& images, const at::Tensor& given, const at::Tensor& argmax, double slope) {
  const int64_t filters = given.size(1), rows = images.height / 2, width = images.width / 2 * filters;
  const int64_t depth = images.depth();
  const at::Tensor parts = at::zeros({images.count, depth, filters}, at::kFloat);
  const MatrixProduct product = {depth, 2 * images.width, filters, 1, images.stride(), kPanel, filters, true};
  ForEachPair(images, [&](int64_t b, int64_t pair, const float* windows) {
    thread_local std::vector<float> gradients;
    gradients.resize(static_cast<size_t>(2 * images.width * filters));
    const int64_t from = (b * rows + pair) * width;
    ActiveKernels().max_unpool_rows(RowsOf(images, filters, slope), given.const_data_ptr<float>() + from,
                                    argmax.const_data_ptr<uint8_t>() + from, gradients.data());
    ActiveKernels().multiply(product, windows, gradients.data(), parts.mutable_data_ptr<float>() + b * depth * filters);
  });
  return parts.to(at::kDouble).sum(0);
}

class ConvStemFunction : public torch::autograd::Function<ConvStemFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight, const at::Tensor& bias,
                            const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& input,
                            const at::Tensor& running_mean, const at::Tensor& running_variance,
                            const BatchNormActOptions& options, bool bfloat16) {
    const Images images(input);
    const at::Tensor flat_filters = PackFilters(weight, bias), second_moments = SecondMoments(images);
    const Moments moments = MomentsOf(flat_filters.to(at::kDouble), second_moments);
    const auto count = static_cast<double>(images.count * images.height * images.width);
    const BatchNormStats statistics = UpdateStatistics(Doubles(moments.means), Doubles(moments.variances), count,
                                                       {gamma, beta, running_mean, running_variance}, options);
    at::Tensor normalised = flat_filters * statistics.scale.unsqueeze(1);
    normalised.select(1, -1) += statistics.shift;
    const std::vector<int64_t> shape = {images.count, flat_filters.size(0), images.height / 2, images.width / 2};
    const auto empty = [&shape](at::ScalarType dtype) {
      return at::empty(shape, at::TensorOptions(dtype).memory_format(at::MemoryFormat::ChannelsLast));
    };
    const at::Tensor output = empty(at::kFloat), argmax = empty(at::kByte);
    (bfloat16 ? ConvolveAndPoolBf16 : ConvolveAndPool)(images, normalised, options.slope, output, argmax);
    context->save_for_backward(
        {input, flat_filters, second_moments, argmax, statistics.inverse_deviation, statistics.scale});
    context->saved_data["slope"] = options.slope;
    context->saved_data["bfloat16"] = bfloat16;
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &second_moments = saved[2], &argmax = saved[3];
    const at::Tensor flat_filters = saved[1].to(at::kDouble), inverse = saved[4].to(at::kDouble);
    const at::Tensor scale = saved[5].to(at::kDouble);
    const at::Tensor given = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const auto sum_at_argmax = context->saved_data["bfloat16"].toBool() ? SumAtArgmaxBf16 : SumAtArgmax;
    const at::Tensor sums = sum_at_argmax(Images(input), given, argmax, context->saved_data["slope"].toDouble());
    const at::Tensor sum = sums[-1], means = MomentsOf(flat_filters, second_moments).means;
    const at::Tensor product = (flat_filters * sums.t()).sum(1) - means * sum;
    torch::autograd::variable_list found(9);
    found[2] = (product * inverse).to(at::kFloat);
    found[3] = sum.to(at::kFloat);
    if (!context->needs_input_grad(0) && !context->needs_input_grad(1)) return found;
    const at::Tensor first_moments = second_moments[-1], count = first_moments[-1];
    const at::Tensor offset = scale * sum / count, tilt = scale * inverse.square() * product / count;
    const at::Tensor spread = at::matmul(flat_filters, second_moments) - at::outer(means, first_moments);  // [K, D]
    const at::Tensor filter_gradient =
        scale.unsqueeze(1) * sums.t() - at::outer(offset, first_moments) - tilt.unsqueeze(1) * spread;
    std::tie(found[0], found[1]) = UnpackFilters(filter_gradient.to(at::kFloat));
    return found;
  }
};

bool Fits(const at::Tensor& input, const at::Tensor& weight, const BatchNormActOptions& options) {
  return options.training && options.pool && !input.requires_grad() && ConvNarrowFits(input, weight) &&
         input.size(2) > 1 && input.size(3) > 1;
}

}  // namespace

at::Tensor ConvBatchNormAct(const at::Tensor& input, const at::Tensor& weight, const std::optional<at::Tensor>& bias,
                            const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& running_mean,
                            const at::Tensor& running_variance, const BatchNormActOptions& options) {
  if (!Fits(input, weight, options))
    return BatchNormAct(Conv3x3(input, weight, bias), gamma, beta, running_mean, running_variance, options);
  const bool bfloat16 = AutocastsToBfloat16() && ConvStemBf16Fits(Images(input), weight.size(0));
  // Autocast is off inside.
  const c10::impl::ExcludeDispatchKeyGuard no_autocast(c10::DispatchKey::AutocastCPU);
  // The statistics must be those of the values that are multiplied.
  const at::Tensor rounded = bfloat16 ? input.to(at::kBFloat16).to(at::kFloat) : input;
  // Always a tensor: an absent argument would shift the indices of needs_input_grad.
  const at::Tensor added = bias && bias->defined() ? *bias : at::zeros({weight.size(0)}, at::kFloat);
  return ConvStemFunction::apply(weight, added, gamma, beta, rounded, running_mean, running_variance, options,
                                 bfloat16);
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/batch_norm_act.h"

#include <ATen/Parallel.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "active_kernels.h"
#include "batch_norm_act_rows.h"
#include "batch_norm_stats.h"

namespace tint {
namespace {

using Doubles = std::vector<double>;

// Calls work(b) for every image, in parallel.
template <class Work>
void ForEachImage(int64_t images, const Work& work) {
  at::parallel_for(0, images, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) work(b);
  });
}

// work(b, first, second) adds an image's two sums of each channel; returned [2 channels], the images added in order.
template <class Work>
Doubles SumOverImages(int64_t images, int64_t channels, const Work& work) {
  const auto width = static_cast<size_t>(2 * channels);
  Doubles parts(static_cast<size_t>(images) * width, 0.0), total(width, 0.0);
  ForEachImage(images, [&](int64_t b) {
    double* own = parts.data() + static_cast<size_t>(b) * width;
    work(b, own, own + channels);
  });
  for (size_t i = 0; i < parts.size(); ++i) total[i % width] += parts[i];
  return total;
}

at::Tensor ChannelsLast(const std::vector<int64_t>& shape) {
  return at::empty(shape, at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
}

BatchNormStats Measure(const at::Tensor& input, const BatchNormTensors& tensors, const BatchNormActOptions& options) {
  const int64_t channels = input.size(1), pixels = input.size(2) * input.size(3);
  const float* from = input.const_data_ptr<float>();
  // Differences to the first pixel: nothing cancels where a mean is large against its deviation.
  const Doubles sums = SumOverImages(input.size(0), channels, [&](int64_t b, double* sum, double* squares) {
    ActiveKernels().norm_sums(from + b * pixels * channels, pixels, channels, from, sum, squares);
  });
  const auto count = static_cast<double>(input.size(0) * pixels);
  Doubles means, variances;
  for (int64_t c = 0; c < channels; ++c) {
    const double difference = sums[static_cast<size_t>(c)] / count;
    means.push_back(from[c] + difference);
    variances.push_back(sums[static_cast<size_t>(channels + c)] / count - difference * difference);
  }
  return UpdateStatistics(means, variances, count, tensors, options);
}

NormImage ImageOf(const at::Tensor& input, int64_t b, const at::Tensor& scale, const at::Tensor& shift, double slope) {
  const int64_t size = input.size(1) * input.size(2) * input.size(3);
  return {.input = input.const_data_ptr<float>() + b * size,
          .height = input.size(2),
          .width = input.size(3),
          .channels = input.size(1),
          .scale = scale.const_data_ptr<float>(),
          .shift = shift.const_data_ptr<float>(),
          .slope = static_cast<float>(slope)};
}

class BatchNormActFunction : public torch::autograd::Function<BatchNormActFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& input,
                            const at::Tensor& weight, const at::Tensor& bias, const at::Tensor& running_mean,
                            const at::Tensor& running_variance, const BatchNormActOptions& options) {
    const BatchNormStats statistics = Measure(input, {weight, bias, running_mean, running_variance}, options);
    const int64_t half = options.pool ? 2 : 1;
    const at::Tensor output = ChannelsLast({input.size(0), input.size(1), input.size(2) / half, input.size(3) / half});
    const at::Tensor greatest = options.pool ? at::empty_like(output) : input;
    const int64_t size = output.numel() / output.size(0);
    ForEachImage(input.size(0), [&](int64_t b) {
      const NormImage image = ImageOf(input, b, statistics.scale, statistics.shift, options.slope);
      float* to = output.mutable_data_ptr<float>() + b * size;
      if (options.pool) {
        ActiveKernels().norm_pool_forward(image, to, greatest.mutable_data_ptr<float>() + b * size);
      } else {
        ActiveKernels().norm_forward(image, to);
      }
    });
    context->save_for_backward(
        {input, greatest, statistics.mean, statistics.inverse_deviation, statistics.scale, statistics.shift});
    context->saved_data["slope"] = options.slope;
    context->saved_data["pool"] = options.pool;
    return output;
  }

  // With g the gradient of a and n values a channel: dbias = sum g, dweight = sum g (x - m) / s,
  //   dx = weight / s (g - sum g / n - (x - m) / s^2 sum g (x - m) / n),  s = sqrt(v + epsilon).
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &input = saved[0], &greatest = saved[1], &mean = saved[2], &inverse = saved[3];
    const at::Tensor &scale = saved[4], &shift = saved[5];
    const double slope = context->saved_data["slope"].toDouble();
    const bool pool = context->saved_data["pool"].toBool();
    const at::Tensor given = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    const int64_t channels = input.size(1), kept = given.size(2) * given.size(3);
    const Doubles sums = SumOverImages(input.size(0), channels, [&](int64_t b, double* sum, double* products) {
      ActiveKernels().norm_backward_sums(
          greatest.const_data_ptr<float>() + b * kept * channels, given.const_data_ptr<float>() + b * kept * channels,
          kept, ImageOf(input, b, scale, shift, slope), mean.const_data_ptr<float>(), sum, products);
    });
    const at::Tensor weight_gradient = at::empty({channels}, at::kFloat), bias_gradient = at::empty_like(mean);
    const at::Tensor offset = at::empty_like(mean), tilt = at::empty_like(mean);
    const auto count = static_cast<double>(input.size(0) * input.size(2) * input.size(3));
    for (int64_t c = 0; c < channels; ++c) {
      const double sum = sums[static_cast<size_t>(c)], product = sums[static_cast<size_t>(channels + c)];
      const double s = inverse.const_data_ptr<float>()[c], gamma = scale.const_data_ptr<float>()[c];
      bias_gradient.mutable_data_ptr<float>()[c] = static_cast<float>(sum);
      weight_gradient.mutable_data_ptr<float>()[c] = static_cast<float>(product * s);
      offset.mutable_data_ptr<float>()[c] = static_cast<float>(gamma * sum / count);
      tilt.mutable_data_ptr<float>()[c] = static_cast<float>(gamma * s * s * product / count);
    }
    // Not needed after a frozen first convolution.
    if (!context->needs_input_grad(0))
      return {at::Tensor(), weight_gradient, bias_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
    const at::Tensor gradient = at::empty_like(input);
    const NormBackward backward = {mean.const_data_ptr<float>(), offset.const_data_ptr<float>(),
                                   tilt.const_data_ptr<float>()};
    ForEachImage(input.size(0), [&](int64_t b) {
      const NormImage image = ImageOf(input, b, scale, shift, slope);
      const auto pass = pool ? ActiveKernels().norm_pool_backward : ActiveKernels().norm_backward;
      pass(image, backward, given.const_data_ptr<float>() + b * kept * channels,
           gradient.mutable_data_ptr<float>() + b * (input.numel() / input.size(0)));
    });
    return {gradient, weight_gradient, bias_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

bool Fits(const at::Tensor& input, const BatchNormActOptions& options) {
  return options.training && input.device().is_cpu() && input.scalar_type() == at::kFloat && input.dim() == 4 &&
         input.is_contiguous(at::MemoryFormat::ChannelsLast) && input.size(1) % kChannelsTogether == 0 &&
         input.numel() > 0 && (!options.pool || (input.size(2) > 1 && input.size(3) > 1));
}

}  // namespace

at::Tensor BatchNormAct(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                        const at::Tensor& running_mean, const at::Tensor& running_variance,
                        const BatchNormActOptions& options) {
  if (Fits(input, options))
    return BatchNormActFunction::apply(input, weight, bias, running_mean, running_variance, options);
  at::Tensor output = at::batch_norm(input, weight, bias, running_mean, running_variance, options.training,
                                     options.momentum, options.epsilon, true);
  output = options.slope == 0 ? at::relu(output) : at::leaky_relu(output, options.slope);
  return options.pool ? at::max_pool2d(output, {2, 2}, {2, 2}) : output;
}

}  // namespace tint

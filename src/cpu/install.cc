// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/install.h"

#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_backward_native.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu_native.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include "tint/cpu/attention.h"
#include "tint/cpu/batch_norm_act.h"
#include "tint/cpu/conv3x3.h"
#include "tint/cpu/conv_batch_norm_act.h"
#include "tint/cpu/gated_gelu.h"

namespace tint {
namespace {

// A negative scale would turn the maximum score into the minimum.
bool UsesDefaultAttention(double dropout, bool causal, const std::optional<at::Tensor>& mask,
                          std::optional<double> scale) {
  return dropout == 0 && !causal && !(mask && mask->defined()) && scale.value_or(1) > 0;
}

std::tuple<at::Tensor, at::Tensor> Forward(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                                           double dropout, bool causal, const std::optional<at::Tensor>& mask,
                                           std::optional<double> scale) {
  if (UsesDefaultAttention(dropout, causal, mask, scale) && AttentionFits(query, key, value))
    return AttentionForward(query, key, value, scale);
  return at::native::_scaled_dot_product_flash_attention_cpu(query, key, value, dropout, causal, mask, scale);
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> Backward(const at::Tensor& output_gradient, const at::Tensor& query,
                                                        const at::Tensor& key, const at::Tensor& value,
                                                        const at::Tensor& output, const at::Tensor& log_sum_exp,
                                                        double dropout, bool causal,
                                                        const std::optional<at::Tensor>& mask,
                                                        std::optional<double> scale) {
  if (UsesDefaultAttention(dropout, causal, mask, scale) && AttentionFits(query, key, value))
    return AttentionBackward(output_gradient, query, key, value, output, log_sum_exp, scale);
  return at::native::_scaled_dot_product_flash_attention_cpu_backward(output_gradient, query, key, value, output,
                                                                      log_sum_exp, dropout, causal, mask, scale);
}

at::Tensor BatchNormActOperator(const at::Tensor& input, const at::Tensor& weight, const at::Tensor& bias,
                                const at::Tensor& running_mean, const at::Tensor& running_variance, bool training,
                                double momentum, double epsilon, double slope, bool pool) {
  return BatchNormAct(input, weight, bias, running_mean, running_variance,
                      {.training = training, .momentum = momentum, .epsilon = epsilon, .slope = slope, .pool = pool});
}

at::Tensor ConvBatchNormActOperator(const at::Tensor& input, const at::Tensor& weight,
                                    const std::optional<at::Tensor>& bias, const at::Tensor& gamma,
                                    const at::Tensor& beta, const at::Tensor& running_mean,
                                    const at::Tensor& running_variance, bool training, double momentum, double epsilon,
                                    double slope, bool pool) {
  return ConvBatchNormAct(
      input, weight, bias, gamma, beta, running_mean, running_variance,
      {.training = training, .momentum = momentum, .epsilon = epsilon, .slope = slope, .pool = pool});
}

// LibTorch warns when a kernel of its own is replaced; here that is the purpose.
class SilentWarnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning& /*warning*/) override {}
};

}  // namespace

void InstallKernels() {
  static const bool installed = [] {
    SilentWarnings silent;
    const c10::WarningUtils::WarningHandlerGuard guard(&silent);
    // Never destroyed: models may run until the process ends.
    auto* library = new torch::Library(torch::Library::DEF, "tint", std::nullopt, __FILE__, __LINE__);
    library->def("gated_gelu(Tensor both) -> Tensor", TORCH_FN(GatedGelu));
    library->def(
        "norm_activate(Tensor input, Tensor weight, Tensor bias, Tensor(a!) running_mean, Tensor(b!) running_variance, "
        "bool training, float momentum, float epsilon, float slope, bool pool) -> Tensor",
        TORCH_FN(BatchNormActOperator));
    library->def("convolve3x3(Tensor input, Tensor weight, Tensor? bias) -> Tensor", TORCH_FN(Conv3x3));
    library->def(
        "convolve_norm_activate(Tensor input, Tensor weight, Tensor? bias, Tensor gamma, Tensor beta, "
        "Tensor(a!) running_mean, Tensor(b!) running_variance, bool training, float momentum, float epsilon, "
        "float slope, bool pool) -> Tensor",
        TORCH_FN(ConvBatchNormActOperator));
    auto* replaced = new torch::Library(torch::Library::IMPL, "aten", c10::DispatchKey::CPU, __FILE__, __LINE__);
    replaced->impl("_scaled_dot_product_flash_attention_for_cpu", TORCH_FN(Forward));
    replaced->impl("_scaled_dot_product_flash_attention_for_cpu_backward", TORCH_FN(Backward));
    return true;
  }();
  static_cast<void>(installed);
}

}  // namespace tint

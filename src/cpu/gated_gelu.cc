// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/gated_gelu.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "active_kernels.h"

namespace tint {
namespace {

constexpr int64_t kFloatsPerTask = 16384;

// Calls work(row) for every row of [..., width], in parallel.
template <class Work>
void ForEachRow(int64_t rows, int64_t width, const Work& work) {
  at::parallel_for(0, rows, std::max<int64_t>(1, kFloatsPerTask / width), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) work(row);
  });
}

class GatedGeluFunction : public torch::autograd::Function<GatedGeluFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& both) {
    const at::Tensor rows = both.contiguous();
    context->save_for_backward({rows});
    std::vector<int64_t> shape = rows.sizes().vec();
    const int64_t width = shape.back() /= 2;
    const at::Tensor output = at::empty(shape, rows.options());
    const float* from = rows.const_data_ptr<float>();
    float* to = output.mutable_data_ptr<float>();
    ForEachRow(output.numel() / width, width, [&](int64_t row) {
      ActiveKernels().gated_gelu_forward(from + 2 * row * width, width, to + row * width);
    });
    return output;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& gradients) {
    const at::Tensor rows = context->get_saved_variables()[0];
    const at::Tensor given = gradients[0].contiguous();
    const at::Tensor gradient = at::empty_like(rows);
    const int64_t width = given.size(-1);
    ForEachRow(given.numel() / width, width, [&](int64_t row) {
      ActiveKernels().gated_gelu_backward(given.const_data_ptr<float>() + row * width,
                                          rows.const_data_ptr<float>() + 2 * row * width, width,
                                          gradient.mutable_data_ptr<float>() + 2 * row * width);
    });
    return {gradient};
  }
};

bool Fits(const at::Tensor& both) {
  return both.device().is_cpu() && both.layout() == at::kStrided && both.scalar_type() == at::kFloat &&
         both.dim() > 0 && both.size(-1) > 0 && both.size(-1) % 2 == 0;
}

}  // namespace

at::Tensor GatedGelu(const at::Tensor& both) {
  if (Fits(both)) return GatedGeluFunction::apply(both);
  const std::vector<at::Tensor> halves = both.chunk(2, -1);
  return halves[0].mul(at::gelu(halves[1]));
}

}  // namespace tint

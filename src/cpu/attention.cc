// SPDX-License-Identifier: Apache-2.0
#include "tint/cpu/attention.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <cmath>
#include <memory>

#include "active_kernels.h"
#include "attention_head.h"

namespace tint {
namespace {

// One head of [batch, heads, rows, width], for reading and for writing.
HeadRows Head(const at::Tensor& tensor, int64_t sample, int64_t head) {
  return {tensor.const_data_ptr<float>() + sample * tensor.stride(0) + head * tensor.stride(1), tensor.stride(2)};
}

HeadRowsOut HeadOut(const at::Tensor& tensor, int64_t sample, int64_t head) {
  return {tensor.mutable_data_ptr<float>() + sample * tensor.stride(0) + head * tensor.stride(1), tensor.stride(2)};
}

// [batch, heads, rows, width] with the heads of a row side by side, as the linear layer that follows reads them.
at::Tensor EmptyHeads(const at::Tensor& like) {
  return at::empty({like.size(0), like.size(2), like.size(1), like.size(3)}, like.options()).transpose(1, 2);
}

at::Tensor RowsOfFloats(const at::Tensor& tensor) { return tensor.stride(3) == 1 ? tensor : tensor.contiguous(); }

float ScaleOf(std::optional<double> scale, const at::Tensor& query) {
  return static_cast<float>(scale.value_or(1 / std::sqrt(static_cast<double>(query.size(3)))));
}

// Calls work(sample, head, scratch) for every head of every sample, in parallel.
template <class Work>
void ForEachHead(const at::Tensor& query, int64_t scratch_floats, const Work& work) {
  const int64_t heads = query.size(1);
  at::parallel_for(0, query.size(0) * heads, 1, [&](int64_t begin, int64_t end) {
    const std::unique_ptr<float[]> scratch(new float[static_cast<size_t>(scratch_floats)]);
    for (int64_t i = begin; i < end; ++i) work(i / heads, i % heads, scratch.get());
  });
}

bool IsPlain(const at::Tensor& tensor) {
  return tensor.layout() == at::kStrided && tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat &&
         tensor.dim() == 4 && tensor.stride(3) == 1 && tensor.numel() > 0;
}

}  // namespace

bool AttentionFits(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value) {
  return IsPlain(query) && IsPlain(key) && IsPlain(value) && (query.size(3) == 8 || query.size(3) == 16) &&
         key.sizes() == value.sizes() && key.size(0) == query.size(0) && key.size(1) == query.size(1) &&
         key.size(3) == query.size(3);
}

std::tuple<at::Tensor, at::Tensor> AttentionForward(const at::Tensor& query, const at::Tensor& key,
                                                    const at::Tensor& value, std::optional<double> scale) {
  TORCH_INTERNAL_ASSERT(AttentionFits(query, key, value));
  const int64_t width = query.size(3), queries = query.size(2), keys = key.size(2);
  const at::Tensor output = EmptyHeads(query);
  const at::Tensor log_sum_exp = at::empty({query.size(0), query.size(1), queries}, query.options());
  const auto pass = ActiveKernels().attention_forward[width / 8 - 1];
  ForEachHead(query, ForwardScratch(keys, width), [&](int64_t sample, int64_t head, float* scratch) {
    pass({.query = Head(query, sample, head),
          .key = Head(key, sample, head),
          .value = Head(value, sample, head),
          .output = HeadOut(output, sample, head),
          .log_sum_exp =
              log_sum_exp.mutable_data_ptr<float>() + sample * log_sum_exp.stride(0) + head * log_sum_exp.stride(1),
          .log_sum_exp_stride = log_sum_exp.stride(2),
          .queries = queries,
          .keys = keys,
          .scale = ScaleOf(scale, query)},
         scratch);
  });
  return {output, log_sum_exp};
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> AttentionBackward(const at::Tensor& output_gradient,
                                                                 const at::Tensor& query, const at::Tensor& key,
                                                                 const at::Tensor& value, const at::Tensor& output,
                                                                 const at::Tensor& log_sum_exp,
                                                                 std::optional<double> scale) {
  TORCH_INTERNAL_ASSERT(AttentionFits(query, key, value));
  const int64_t width = query.size(3), queries = query.size(2), keys = key.size(2);
  const at::Tensor rows = RowsOfFloats(output), gradient_rows = RowsOfFloats(output_gradient);
  const at::Tensor query_gradient = EmptyHeads(query), key_gradient = EmptyHeads(key);
  const at::Tensor value_gradient = EmptyHeads(value);
  const auto pass = ActiveKernels().attention_backward[width / 8 - 1];
  ForEachHead(query, BackwardScratch(keys, width), [&](int64_t sample, int64_t head, float* scratch) {
    pass({.query = Head(query, sample, head),
          .key = Head(key, sample, head),
          .value = Head(value, sample, head),
          .output = Head(rows, sample, head),
          .output_gradient = Head(gradient_rows, sample, head),
          .log_sum_exp =
              log_sum_exp.const_data_ptr<float>() + sample * log_sum_exp.stride(0) + head * log_sum_exp.stride(1),
          .log_sum_exp_stride = log_sum_exp.stride(2),
          .query_gradient = HeadOut(query_gradient, sample, head),
          .key_gradient = HeadOut(key_gradient, sample, head),
          .value_gradient = HeadOut(value_gradient, sample, head),
          .queries = queries,
          .keys = keys,
          .scale = ScaleOf(scale, query)},
         scratch);
  });
  return {query_gradient, key_gradient, value_gradient};
}

}  // namespace tint

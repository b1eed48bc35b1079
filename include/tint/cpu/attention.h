// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <tuple>

namespace tint {

// softmax(scale q k^T) v on the CPU, for the narrow heads of small denoisers. LibTorch's own kernel hands every block
// of keys to a general matrix product, which for heads of 8 or 16 floats takes longer than the arithmetic; here a
// head's keys are transposed in the cache and a few queries at a time pass over them in registers. For heads of 24
// floats and more LibTorch's kernel is faster.
//
// Every head is computed by one thread in one order: the result does not depend on the number of threads.

// The output ([batch, heads, queries, width], memory order [batch, queries, heads, width]) and log sum exp of each row
// ([batch, heads, queries]), as LibTorch's kernel gives them: either kernel's backward takes the other's results.
// query [batch, heads, queries, width]; key, value [batch, heads, keys, width]; float32 on the CPU, last stride 1,
// width 8 or 16. `scale` above 0; none: 1 / sqrt(width).
std::tuple<at::Tensor, at::Tensor> AttentionForward(const at::Tensor& query, const at::Tensor& key,
                                                    const at::Tensor& value, std::optional<double> scale);

// Gradients with respect to query, key and value, from the gradient of the output and what the forward pass returned.
//   P = exp(scale q k^T - lse), dV = P^T dO, dS = scale P (dO v^T - rowsum(dO O)), dQ = dS k, dK = dS^T q
std::tuple<at::Tensor, at::Tensor, at::Tensor> AttentionBackward(const at::Tensor& output_gradient,
                                                                 const at::Tensor& query, const at::Tensor& key,
                                                                 const at::Tensor& value, const at::Tensor& output,
                                                                 const at::Tensor& log_sum_exp,
                                                                 std::optional<double> scale);

// Whether the two functions above accept these tensors.
bool AttentionFits(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value);

}  // namespace tint

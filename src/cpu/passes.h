// SPDX-License-Identifier: Apache-2.0
#pragma once

// All passes except attention's, for the instruction set that the including source is compiled for (vec.h).

#include "active_kernels.h"
#include "batch_norm_act_passes.h"
#include "conv_norm_pool_passes.h"
#include "gated_gelu_passes.h"
#include "matrix_tile.h"
#include "winograd_passes.h"

namespace tint {
namespace {

void UsePasses(CpuKernels* kernels) {
  kernels->gated_gelu_forward = GatedGeluForward;
  kernels->gated_gelu_backward = GatedGeluBackward;
  kernels->norm_sums = NormSums;
  kernels->norm_forward = NormForward;
  kernels->norm_pool_forward = NormPoolForward;
  kernels->norm_backward_sums = NormBackwardSums;
  kernels->norm_backward = NormBackwardPass;
  kernels->norm_pool_backward = NormPoolBackwardPass;
  kernels->pool_rows = PoolRows;
  kernels->max_unpool_rows = MaxUnpoolRows;
  kernels->winograd_input = WinogradInput;
  kernels->winograd_output = WinogradOutput;
  kernels->winograd_gradient = WinogradGradient;
  kernels->multiply = Multiply;
}

}  // namespace
}  // namespace tint

#pragma once

// All passes but attention's, for the processor that the source including this is compiled for (lanes.h).

#include "convolve_norm_pool_passes.h"
#include "gated_gelu_passes.h"
#include "matrix_tile.h"
#include "norm_activate_passes.h"
#include "processor_kernels.h"
#include "winograd_passes.h"

namespace tint {
namespace {

void UsePasses(ProcessorKernels* kernels) {
  kernels->gated_gelu_forward = GatedGeluForward;
  kernels->gated_gelu_backward = GatedGeluBackward;
  kernels->norm_sums = NormSums;
  kernels->norm_forward = NormForward;
  kernels->norm_pool_forward = NormPoolForward;
  kernels->norm_backward_sums = NormBackwardSums;
  kernels->norm_backward = NormBackwardPass;
  kernels->norm_pool_backward = NormPoolBackwardPass;
  kernels->pool_rows = PoolRows;
  kernels->spread_rows = SpreadRows;
  kernels->winograd_input = WinogradInput;
  kernels->winograd_output = WinogradOutput;
  kernels->winograd_gradient = WinogradGradient;
  kernels->multiply = Multiply;
}

}  // namespace
}  // namespace tint

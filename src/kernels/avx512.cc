#include "gated_gelu_passes.h"
#include "matrix_tile.h"
#include "norm_activate_passes.h"
#include "processor_kernels.h"
#include "winograd_passes.h"

namespace tint {

// Heads of 8 and 16 floats gain nothing from wider registers.
void UseAvx512(ProcessorKernels* kernels) {
  kernels->gated_gelu_forward = GatedGeluForward;
  kernels->gated_gelu_backward = GatedGeluBackward;
  kernels->norm_sums = NormSums;
  kernels->norm_forward = NormForward;
  kernels->norm_pool_forward = NormPoolForward;
  kernels->norm_backward_sums = NormBackwardSums;
  kernels->norm_backward = NormBackwardPass;
  kernels->norm_pool_backward = NormPoolBackwardPass;
  kernels->winograd_input = WinogradInput;
  kernels->winograd_output = WinogradOutput;
  kernels->winograd_gradient = WinogradGradient;
  kernels->multiply = Multiply;
}

}  // namespace tint

#include "attention_passes.h"
#include "gated_gelu_passes.h"
#include "matrix_tile.h"
#include "norm_activate_passes.h"
#include "processor_kernels.h"
#include "winograd_passes.h"

namespace tint {

const ProcessorKernels kPlainKernels = {{HeadForwardPass<8>, HeadForwardPass<16>},
                                        {HeadBackwardPass<8>, HeadBackwardPass<16>},
                                        GatedGeluForward,
                                        GatedGeluBackward,
                                        NormSums,
                                        NormForward,
                                        NormPoolForward,
                                        NormBackwardSums,
                                        NormBackwardPass,
                                        NormPoolBackwardPass,
                                        WinogradInput,
                                        WinogradOutput,
                                        WinogradGradient,
                                        Multiply};

}  // namespace tint

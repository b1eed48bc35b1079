#include "passes.h"

namespace tint {

// Attention's heads of 8 and 16 floats gain nothing from wider registers.
void UseAvx512(ProcessorKernels* kernels) { UsePasses(kernels); }

}  // namespace tint

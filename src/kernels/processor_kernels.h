#pragma once

#include <cstdint>

#include "attention_head.h"

namespace tint {

// The inner passes, compiled for one kind of processor.
struct ProcessorKernels {
  // Over one head of 8 or 16 floats a row, at index width / 8 - 1.
  void (*attention_forward[2])(const HeadForward& head, float* scratch);
  void (*attention_backward[2])(const HeadBackward& head, float* scratch);
  // row [2 width]: values, then gates; output [width]; gradient [2 width].
  void (*gated_gelu_forward)(const float* row, int64_t width, float* output);
  void (*gated_gelu_backward)(const float* output_gradient, const float* row, int64_t width, float* gradient);
};

extern const ProcessorKernels kPlainKernels;
extern const ProcessorKernels kAvx2Kernels;

// Those for AVX2 and FMA; null where this processor, or the one tint was built for, has none.
const ProcessorKernels* Avx2Kernels();

// The best that this processor runs.
const ProcessorKernels& KernelsOfThisProcessor();

}  // namespace tint

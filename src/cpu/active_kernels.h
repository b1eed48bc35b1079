// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "attention_head.h"
#include "batch_norm_act_rows.h"
#include "conv_norm_pool_rows.h"
#include "winograd_tiles.h"

namespace tint {

// The inner passes, compiled for one instruction set (CpuIsa).
struct CpuKernels {
  // Over one head of 8 or 16 floats a row, at index width / 8 - 1.
  void (*attention_forward[2])(const HeadForward& head, float* scratch);
  void (*attention_backward[2])(const HeadBackward& head, float* scratch);
  // row [2 width]: values, then gates; output [width]; gradient [2 width].
  void (*gated_gelu_forward)(const float* row, int64_t width, float* output);
  void (*gated_gelu_backward)(const float* output_gradient, const float* row, int64_t width, float* gradient);
  // batch_norm_act_passes.h.
  void (*norm_sums)(const float* input, int64_t pixels, int64_t channels, const float* origin, double* sums,
                    double* squares);
  void (*norm_forward)(const NormImage& image, float* output);
  void (*norm_pool_forward)(const NormImage& image, float* output, float* greatest);
  void (*norm_backward_sums)(const float* input, const float* given, int64_t pixels, const NormImage& image,
                             const float* mean, double* sums, double* products);
  void (*norm_backward)(const NormImage& image, const NormBackward& backward, const float* given, float* gradient);
  void (*norm_pool_backward)(const NormImage& image, const NormBackward& backward, const float* given, float* gradient);
  // conv_norm_pool_passes.h.
  void (*pool_rows)(const RowPair& rows, const float* from, float* output, uint8_t* argmax);
  void (*max_unpool_rows)(const RowPair& rows, const float* given, const uint8_t* argmax, float* to);
  // winograd_passes.h.
  void (*winograd_input)(const float* images, const WinogradTiles& tiles, const WinogradBlock& block,
                         const float* zeros, float* to);
  void (*winograd_output)(const float* from, const WinogradTiles& tiles, const WinogradBlock& block, const float* bias,
                          float* images);
  void (*winograd_gradient)(const float* images, const WinogradTiles& tiles, const WinogradBlock& block,
                            const float* zeros, float* to);
  void (*multiply)(const MatrixProduct& product, const float* a, const float* b, float* c);
};

// Each sets the passes that it has. To be called only where the processor has the instructions (BestCpuIsa).
void UseBaseline(CpuKernels* kernels);
void UseAvx2(CpuKernels* kernels);
void UseAvx512(CpuKernels* kernels);

// All sets that this processor runs, in the order of CpuIsa: the best last.
const std::vector<CpuKernels>& SupportedKernels();

// The last of them.
const CpuKernels& ActiveKernels();

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Counts the arithmetic of a computation: two floating-point operations for each multiply-add of matrix products,
// convolutions and attention. Everything else is below one per cent in the networks used here.
#pragma once

#include <cstdint>
#include <functional>

namespace tint {

// Runs `action` once and returns the FLOPs of what it called on this thread, forward operators only (what autograd runs
// on the backward pass is not counted).
int64_t CountFlops(const std::function<void()>& action);

// FLOPs of a U-Net's backward pass to its context alone (no gradients of the weights), as a multiple of its forward:
// 909 over 803 GFLOP for Stable Diffusion 1.5 at 512 x 512 pixels.
inline constexpr double kContextBackwardCost = 1.13;
// A forward together with that backward pass: a step of textual inversion, an inner step of null-text inversion.
inline constexpr double kContextGradientCost = 1 + kContextBackwardCost;

}  // namespace tint

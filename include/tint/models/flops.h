// Counts the arithmetic of a computation: two floating-point operations for each multiply-add of matrix products,
// convolutions and attention. Everything else is below a per cent in the networks used here.
#pragma once

#include <cstdint>
#include <functional>

namespace tint {

// Runs `action` once and returns the FLOPs of what it called on this thread, forward operators only (what autograd runs
// on the backward pass is not counted).
int64_t CountFlops(const std::function<void()>& action);

}  // namespace tint

#include "tint/base/switch_off.h"

#include <array>
#include <atomic>
#include <cstddef>

namespace tint {
namespace {

std::array<std::atomic<bool>, static_cast<size_t>(Mathematics::kCount)> switched_off{};

std::atomic<bool>& Flag(Mathematics piece) { return switched_off[static_cast<size_t>(piece)]; }

}  // namespace

bool SwitchedOff(Mathematics piece) { return Flag(piece).load(std::memory_order_relaxed); }

ScopedSwitchOff::ScopedSwitchOff(Mathematics piece) : piece_(piece) { Flag(piece_) = true; }
ScopedSwitchOff::~ScopedSwitchOff() { Flag(piece_) = false; }

}  // namespace tint

// Names of episodes' folders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tint::internal {

// "0007", "12345", "support".
std::string EpisodeName(uint64_t episode_idx);
// The inverse: nothing for names that EpisodeName never gives.
std::optional<uint64_t> EpisodeOfName(const std::string& name);

}  // namespace tint::internal

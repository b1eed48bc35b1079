// SPDX-License-Identifier: Apache-2.0
// Small text helpers that messages need.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tint {

// The name for a message: unchanged if it has only printable characters and no space or quote at its ends, otherwise in
// single quotes with \n, \t and \xNN for what cannot be printed or is invisible (unicode.h). A name longer than
// `max_bytes` ends in "...".
std::string Quote(std::string_view name, size_t max_bytes = 300);

// Damerau-Levenshtein (optimal string alignment), in bytes.
size_t EditDistance(std::string_view a, std::string_view b);

// The candidate with the smallest edit distance (Damerau-Levenshtein) to `name`, if that is at most a third of its
// length (at least 2); else "".
std::string NearestName(std::string_view name, const std::vector<std::string>& candidates);

// "Did you mean 'alpha'?" or "" when nothing is near.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

std::string Join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> Split(std::string_view text, char separator);

// "512 B", "1.5 KiB", "2.0 GiB".
std::string FormatBytes(uint64_t bytes);
// "0.4 s", "12 s", "3 min 20 s", "5 h 12 min".
std::string FormatSeconds(double seconds);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Rules for names of data sets, splits, classes and files that come from outside: the same for episode files, archives
// and folders.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tint {

// Longest name in bytes, as in file systems.
inline constexpr size_t kMaxNameBytes = 255;

// Why `name` is not a plain name for one part of a path, for ErrorDetail::found ("is empty", "contains a '/'"), or ""
// if it is one. Refused: empty, "." and "..", beginning with '.' (hidden, or a temporary file of tint) or '-' (an
// option to many tools), '/', '\', NUL, control characters (C0, DEL, C1), characters that reorder or break a line,
// invalid UTF-8, over 255 bytes.
std::string NameError(std::string_view name);

// The first two different names of the list that are the same text once normalised (NFC), such as an e with an acute
// accent as one character and as two; {"", ""} if there are none. Names that are not UTF-8 are left out.
std::pair<std::string, std::string> FindNormalizationCollision(const std::vector<std::string>& names);

}  // namespace tint

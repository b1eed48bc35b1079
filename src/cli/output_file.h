// SPDX-License-Identifier: Apache-2.0
// The file that an export command writes, --out.
#pragma once

#include <string>

namespace tint {

// Not given, or without the extension by which other tools know the format: Error(kUsage); in the result folder of a
// run, or existing already without --force: Error(kCannotCreate).
void CheckOut(const std::string& out, const std::string& extension, bool force);
void WriteOut(const std::string& out, const std::string& bytes, bool force);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// Layout of a contact sheet.
#pragma once

namespace tint::internal {

inline constexpr int kSheetGap = 4, kSheetCaptionWidth = 150;  // pixels

}  // namespace tint::internal

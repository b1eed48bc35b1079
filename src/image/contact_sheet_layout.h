// Where things stand on a contact sheet.
#pragma once

namespace tint::internal {

inline constexpr int kSheetGap = 4, kSheetCaptionWidth = 150;  // pixels

}  // namespace tint::internal

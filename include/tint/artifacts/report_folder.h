// RUN/report: what `tint report` makes for people of a run. Made anew from the rest at any time, so it is no result:
// `verify` lets it lie there and no stage reads it.
#pragma once

#include <filesystem>

#include "tint/artifacts/run_folder.h"

namespace tint {

// The folder, which may not be there yet. A link or a device in its place: Error(kCannotCreate).
std::filesystem::path ReportFolder(const RunFolder& run);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
// contact.png of super-resolve, null-text-inversion and generate: rows of thumbnails of 96 pixels with captions, a
// block of rows for each class (image/contact_sheet.h). How many rows a class has: see the header of the stage's
// result.
#pragma once

#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/image/contact_rows.h"
#include "tint/image/contact_sheet.h"

namespace tint {

void WriteContactSheet(const std::vector<ContactRow>& rows, StageWriter& writer);
// The rows without their captions. Error(kCorrupt) unless there are `rows`.
std::vector<ContactStrip> ReadContactSheet(const CompletedStage& stage, size_t rows);

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/contact_sheets.h"

#include "tint/base/error.h"

namespace tint {
namespace {

constexpr char kContactSheetFile[] = "contact.png";
constexpr int64_t kCellPixels = 96;

}  // namespace

void WriteContactSheet(const std::vector<ContactRow>& rows, StageWriter& writer) {
  writer.Put(kContactSheetFile, MakeContactSheet(rows, kCellPixels));
}

std::vector<ContactStrip> ReadContactSheet(const CompletedStage& stage, size_t rows) {
  const std::string file = (stage.folder() / kContactSheetFile).string();
  std::vector<ContactStrip> strips = CutContactSheet(stage.Read(kContactSheetFile), file, kCellPixels);
  if (strips.size() != rows)
    Fail(ExitCode::kCorrupt,
         {.file = file, .found = std::to_string(strips.size()) + " rows", .expected = std::to_string(rows)});
  return strips;
}

}  // namespace tint

#include "tint/artifacts/report_folder.h"

#include "record.h"

namespace tint {

std::filesystem::path ReportFolder(const RunFolder& run) {
  const std::filesystem::path folder = run.path() / internal::kReportFolder;
  internal::RefuseLink(folder);
  return folder;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/artifacts/report_folder.h"

#include "record.h"

namespace tint {

namespace fs = std::filesystem;

namespace {

constexpr char kPageFile[] = "index.html", kCurvesFile[] = "curves.jsonl", kEventsFolder[] = "tensorboard";

}  // namespace

fs::path ReportFolder(const RunFolder& run) {
  const fs::path folder = run.path() / internal::kReportFolder;
  internal::CheckNotLink(folder);
  return folder;
}

fs::path ReportPaths::EventFile(const fs::path& events, const std::string& episode) {
  const bool photos = episode == EpisodeLabel(kSupportEpisode);
  return events / (photos ? episode : "episode-" + episode) / "events.out.tfevents.tint";
}

ReportPaths ReportPathsIn(const RunFolder& run) {
  const fs::path folder = ReportFolder(run);
  return {.page = folder / kPageFile, .curves = folder / kCurvesFile, .events = folder / kEventsFolder};
}

ReportPaths ReportPathsBeside(const fs::path& page) {
  const std::string prefix = page.stem().string() + "-";
  return {.page = page,
          .curves = page.parent_path() / (prefix + kCurvesFile),
          .events = page.parent_path() / (prefix + kEventsFolder)};
}

}  // namespace tint

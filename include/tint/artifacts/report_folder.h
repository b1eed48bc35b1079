// SPDX-License-Identifier: Apache-2.0
// RUN/report: what `tint report` writes about a run. It can be written again from the results at any time, so it is not
// a result: `verify` ignores it and no stage reads it.
//
//   index.html                                             the page
//   curves.jsonl                                           every curve's values (report/curve.h)
//   tensorboard/[LETTER/]episode-7/events.out.tfevents.tint  the same for TensorBoard (report/event_file.h); of your
//   own
//                                                          photos: support/
//
// With --out FOLDER/NAME.html they are FOLDER/NAME.html, FOLDER/NAME-curves.jsonl and FOLDER/NAME-tensorboard/.
#pragma once

#include <filesystem>
#include <string>

#include "tint/artifacts/run_folder.h"

namespace tint {

// The folder, which may not be there yet. A link or a device in its place: Error(kCannotCreate).
std::filesystem::path ReportFolder(const RunFolder& run);

struct ReportPaths {
  std::filesystem::path page, curves, events;

  // The event file of one episode (EpisodeLabel) in `events` or in a folder below it.
  static std::filesystem::path EventFile(const std::filesystem::path& events, const std::string& episode);
};
ReportPaths ReportPathsIn(const RunFolder& run);
ReportPaths ReportPathsBeside(const std::filesystem::path& page);

}  // namespace tint

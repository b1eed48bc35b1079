// SPDX-License-Identifier: Apache-2.0
// `tint report`: the results of one or several runs, as an HTML page and as curves for other programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tint/base/json.h"
#include "tint/statistics/bootstrap.h"

namespace tint {

struct ReportOptions {
  std::string configuration = {};       // first digits: of the runs' configurations these alone
  std::string out = {};                 // NAME.html; "": RUN/report/index.html of the first run
  std::vector<std::string> names = {};  // "DIGITS=NAME": what the configuration beginning with DIGITS is called
  std::vector<std::string> fid = {};    // files that `tint fid --json` printed
  int64_t image_episodes = 3;           // episodes of each result whose contact sheets are shown
  BootstrapOptions bootstrap = {};
};

struct ReportFile {
  std::filesystem::path path;
  std::string bytes;
};

struct Report {
  std::filesystem::path page;          // the HTML file, last among `files`
  std::vector<ReportFile> files = {};  // in the order in which they are to be written
  Json results = Json::array();  // of each result: letter, name (or null), path, accuracy, interval, episodes, missing

  // {"schema": 1, "report", "files": [{"path", "bytes"}], "results"}
  Json ToJson() const;
  std::string ToText() const;
};

// Each of `paths` is a run folder, whose every configuration is a result, or a file as ReadResults takes it. The page
// shows what there is: a run without a scored episode shows its images and losses. Reads alone, whatever it shows is
// checked against its hash; errors are those of ReadResults. A run with nothing finished: Error(kMissingInput). More
// than 26 results, a name that fits no result, or a file as the first path and no `out`: Error(kUsage).
//
// Files: the page; curves.jsonl (CurvesJsonl); tensorboard/<episode>/events.out.tfevents.tint, where several results
// have a folder each, <letter>/<episode>. With `out` NAME.html they are NAME-curves.jsonl and NAME-tensorboard/ beside
// it. The same results give the same page.
Report MakeReport(const std::vector<std::string>& paths, const ReportOptions& options);

// Each file replaced at once, the page last.
void WriteReport(const Report& report);

}  // namespace tint

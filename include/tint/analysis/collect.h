// SPDX-License-Identifier: Apache-2.0
// From scored episodes to the rows of a table: mean accuracy, its intervals, the published value, and differences from
// the paper.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tint/analysis/results.h"
#include "tint/statistics/bootstrap.h"
#include "tint/statistics/interval.h"

namespace tint {

struct PublishedValue {
  double accuracy = 0, half_width = 0;  // shares; a 95 % Student interval
  int64_t episodes = 0;
  std::string source;
};
// What the paper reports for this data set, student, ways and shots on the test split (docs/method.md, Published
// results), whatever the method of the row. Nothing for a custom image folder, a validation split or another number of
// ways or shots.
std::optional<PublishedValue> FindPublished(const Results& results);

// Differences from the paper's setting, one sentence each: options that differ from preset `paper`, a student that
// starts from random weights, no base images, episodes other than 120, not all queries, another method.
std::vector<std::string> DeviationsFromPaper(const Results& results);
// The training data of each model, one sentence each; part of every table.
std::vector<std::string> DisclosureLines(const Results& results);

struct CollectReport {
  Results results;
  Interval interval;            // Student-t over episodes
  BootstrapInterval bootstrap;  // classes resampled
  std::optional<PublishedValue> published;
  std::vector<std::string> deviations;

  // {"accuracy", "interval", "bootstrap": [low, high], "episodes", "missing", "publishable", ..., "per_episode":
  // [...]}. Shares; null if an interval is unknown. ReadResults reads it (except for custom image folders).
  Json ToJson() const;
  std::string ToTable() const;  // for people: every episode, then the mean; percent
};
CollectReport Collect(Results results, const BootstrapOptions& options);

// A row of a table and its head: percent, "80.29 ± 1.14". As many cells as the head has.
const std::vector<std::string>& CollectHead();
std::vector<std::string> CollectCells(const CollectReport& report);
// Sentences for below the row: missing episodes, differences from the paper, training data of the models.
std::vector<std::string> CollectNotes(const CollectReport& report);

// "text", "csv", "markdown", "latex".
const std::vector<std::string>& TableFormats();
// One line per report, percent (CSV: shares with all digits), then incomplete rows as "not publishable", and the
// deviations of each.
std::string FormatTable(const std::vector<CollectReport>& reports, const std::string& format);

}  // namespace tint

// From scored episodes to the rows of a table: mean accuracy, its intervals, what was published, and in what we differ.
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
// results), whatever the method of the row. One's own photos, a validation split, another number of ways or shots:
// nothing.
std::optional<PublishedValue> FindPublished(const Results& results);

// In what the row differs from the paper's setting, a sentence each: options unlike preset `paper`, a student that
// starts from random weights, no base images, episodes other than 120, not all queries, another method.
std::vector<std::string> DeviationsFromPaper(const Results& results);
// What each model had seen before, a sentence each: no table stands without it.
std::vector<std::string> DisclosureLines(const Results& results);

struct CollectReport {
  Results results;
  Interval interval;            // Student-t over episodes
  BootstrapInterval bootstrap;  // classes resampled
  std::optional<PublishedValue> published;
  std::vector<std::string> deviations;

  // {"accuracy", "interval", "bootstrap": [low, high], "episodes", "missing", "publishable", ..., "per_episode":
  // [...]}. Shares; null where an interval cannot be told. A file that ReadResults reads (but for your own photos).
  Json ToJson() const;
  std::string ToTable() const;  // for people: every episode, then the mean; percent
};
CollectReport Collect(Results results, const BootstrapOptions& options);

// A row of a table for people and its head: percent, "80.29 ± 1.14". As many cells as the head has.
const std::vector<std::string>& CollectHead();
std::vector<std::string> CollectCells(const CollectReport& report);
// Sentences that belong below the row: what is incomplete, what differs from the paper, what models had seen.
std::vector<std::string> CollectNotes(const CollectReport& report);

// "text", "csv", "markdown", "latex".
const std::vector<std::string>& TableFormats();
// One line a report, percent (CSV: shares with all digits), then incomplete rows as "not publishable", and the
// deviations of each.
std::string FormatTable(const std::vector<CollectReport>& reports, const std::string& format);

}  // namespace tint

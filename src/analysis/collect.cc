// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/collect.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>

#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint {
CollectReport Collect(Results results, const BootstrapOptions& options) {
  CollectReport report;
  report.interval = StudentInterval(AccuraciesOf(results.scores));
  report.bootstrap = ClassBootstrap(results.scores, options);
  report.published = FindPublished(results);
  report.deviations = DeviationsFromPaper(results);
  report.results = std::move(results);
  return report;
}

Json CollectReport::ToJson() const {
  Json json = {{"schema", 1},
               {"accuracy", interval.mean},
               {"interval", FiniteOrNull(interval.half_width)},
               {"bootstrap", Json::array({FiniteOrNull(bootstrap.low), FiniteOrNull(bootstrap.high)})},
               {"bootstrap_replicates", bootstrap.replicates},
               {"classes", bootstrap.classes},
               {"episodes", interval.count},
               {"episodes_in_file", results.episodes_in_file},
               {"missing", results.missing},
               {"publishable", results.complete()},
               {"path", results.path},
               {"method", results.method},
               {"student", results.student},
               {"dataset", results.dataset},
               {"split", results.split},
               {"ways", results.ways},
               {"shots", results.shots},
               {"queries_per_class", results.queries_per_class},
               {"episodes_sha256", results.episodes_sha256},
               {"configuration_sha256", results.configuration_sha256},
               {"configuration", results.configuration},
               {"published", nullptr},
               {"deviations", deviations},
               {"disclosure", results.disclosure},
               {"near_duplicate_queries", nullptr},
               {"accuracy_without_near_duplicates", nullptr},
               {"per_episode", EpisodesJson(results.scores)}};
  if (results.near_duplicate_queries >= 0) {
    json["near_duplicate_queries"] = results.near_duplicate_queries;
    json["accuracy_without_near_duplicates"] = results.accuracy_without_near_duplicates;
  }
  if (published)
    json["published"] = {{"accuracy", published->accuracy},
                         {"interval", published->half_width},
                         {"episodes", published->episodes},
                         {"source", published->source}};
  return json;
}

std::string CollectReport::ToTable() const {
  std::string table = EpisodeLines(results.scores);
  table += fmt::format("mean     {:>10}", Percent(interval.mean));
  if (std::isfinite(interval.half_width))
    table += " +- " + Percent(interval.half_width) + " (95 % Student t, n = " + std::to_string(interval.count) + ")";
  if (std::isfinite(bootstrap.low))
    table += "\n           " + Percent(bootstrap.low) + " to " + Percent(bootstrap.high) + " (95 % bootstrap of the " +
             std::to_string(bootstrap.classes) + " classes, " + std::to_string(bootstrap.replicates) + " replicates)";
  if (results.near_duplicate_queries > 0)
    table += "\n           " + Percent(results.accuracy_without_near_duplicates) + " without " +
             std::to_string(results.near_duplicate_queries) + " queries that are near-duplicates of supports";
  if (published)
    table += "\npublished  " + Percent(published->accuracy) + " +- " + Percent(published->half_width) + " (" +
             published->source + ")";
  table += "\nstudent " + (results.student.empty() ? "-" : results.student) + ", data " + results.dataset +
           ", configuration " + results.configuration_sha256.substr(0, 12);
  if (!results.episodes_sha256.empty()) table += ", episodes " + results.episodes_sha256.substr(0, 12);
  table += "\n";
  if (!results.complete()) {
    std::vector<std::string> names;
    for (const uint64_t e : results.missing) names.push_back(std::to_string(e));
    table += std::to_string(interval.count) + " of " + std::to_string(results.episodes_in_file) +
             " episodes, missing: " + Join(names, ", ") + "; not publishable\n";
  }
  if (!deviations.empty()) table += "differences from the paper:\n";
  for (const std::string& deviation : deviations) table += "  " + deviation + "\n";
  for (const std::string& line : DisclosureLines(results)) table += line + "\n";
  return table;
}

}  // namespace tint

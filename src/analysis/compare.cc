// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tint/analysis/collect.h"
#include "tint/artifacts/layout.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint {
namespace {

[[noreturn]] void FailUnpaired(const Results& a, const Results& b, const std::string& field, const std::string& found,
                               const std::string& expected) {
  Fail(ExitCode::kBadInput, {.file = a.path,
                             .field = field,
                             .found = found,
                             .expected = expected + " as in " + Quote(b.path),
                             .remedy = "Only results of the same episodes with the same queries can be paired."});
}

void RequireSameEpisodes(const Results& a, const Results& b) {
  const auto name = [](const Results& results) {
    return results.episodes_sha256.empty() ? std::string("of a custom image folder")
                                           : results.episodes_sha256.substr(0, 12);
  };
  if (a.episodes_sha256 != b.episodes_sha256)
    FailUnpaired(a, b, "episodes_sha256", "episodes " + name(a), "episodes " + name(b));
  if (a.episodes_in_file != b.episodes_in_file)
    FailUnpaired(a, b, "episodes_in_file", std::to_string(a.episodes_in_file) + " episodes",
                 std::to_string(b.episodes_in_file));
}

}  // namespace

Comparison Compare(const Results& a, const Results& b, const BootstrapOptions& options) {
  RequireSameEpisodes(a, b);
  Comparison comparison{.a = a.path, .b = b.path};
  std::vector<EpisodeScore> of_a, of_b;
  for (const EpisodeScore& score : a.scores) {
    const auto found = std::find_if(b.scores.begin(), b.scores.end(),
                                    [&](const EpisodeScore& other) { return other.episode_idx == score.episode_idx; });
    if (found == b.scores.end()) continue;
    const std::string why = WhyNotPaired(score, *found);
    if (!why.empty()) FailUnpaired(a, b, "episode " + EpisodeLabel(score.episode_idx), why, "the same queries");
    of_a.push_back(score);
    of_b.push_back(*found);
  }
  if (of_a.empty()) FailUnpaired(a, b, "episodes", "no common episode", "at least one episode");
  comparison.difference = ComparePaired(of_a, of_b, options);
  comparison.accuracies_a = AccuraciesOf(of_a);
  comparison.accuracies_b = AccuraciesOf(of_b);
  comparison.mean_a = StudentInterval(comparison.accuracies_a).mean;
  comparison.mean_b = StudentInterval(comparison.accuracies_b).mean;
  comparison.episodes_in_file = a.episodes_in_file;
  comparison.episodes_sha256 = a.episodes_sha256;
  comparison.configuration_differences = DifferencesOfConfigurations(a, b);
  const std::vector<uint64_t>& paired = comparison.difference.episodes;
  for (uint64_t e = 0; e < a.episodes_in_file; ++e) {
    if (!std::binary_search(paired.begin(), paired.end(), e)) comparison.unpaired.push_back(e);
  }
  return comparison;
}

Json Comparison::ToJson() const {
  Json json = {
      {"a", a},
      {"b", b},
      {"mean_a", mean_a},
      {"mean_b", mean_b},
      {"difference", difference.student.mean},
      {"interval", FiniteOrNull(difference.student.half_width)},
      {"bootstrap", Json::array({FiniteOrNull(difference.bootstrap.low), FiniteOrNull(difference.bootstrap.high)})},
      {"bootstrap_replicates", difference.bootstrap.replicates},
      {"classes", difference.bootstrap.classes},
      {"episodes", difference.student.count},
      {"episodes_in_file", episodes_in_file},
      {"unpaired", unpaired},
      {"publishable", unpaired.empty()},
      {"episodes_sha256", episodes_sha256},
      {"configuration_differences", configuration_differences},
      {"per_episode", Json::array()}};
  for (size_t e = 0; e < difference.episodes.size(); ++e) {
    Json episode = difference.episodes[e];
    if (difference.episodes[e] == kSupportEpisode) episode = EpisodeLabel(kSupportEpisode);
    json["per_episode"].push_back({{"episode", episode},
                                   {"a", accuracies_a[e]},
                                   {"b", accuracies_b[e]},
                                   {"difference", difference.differences[e]}});
  }
  return json;
}

std::string Comparison::ToTable() const {
  std::string table = "episode     a %     b %   a - b\n";
  for (size_t e = 0; e < difference.episodes.size(); ++e) {
    table += fmt::format("{:>7}  {:>6}  {:>6}  {:>6}\n", EpisodeLabel(difference.episodes[e]), Percent(accuracies_a[e]),
                         Percent(accuracies_b[e]), Percent(difference.differences[e]));
  }
  table +=
      fmt::format("mean     {:>6}  {:>6}  {:>6}", Percent(mean_a), Percent(mean_b), Percent(difference.student.mean));
  if (std::isfinite(difference.student.half_width))
    table += " +- " + Percent(difference.student.half_width) +
             " (95 % Student t of the differences, n = " + std::to_string(difference.student.count) + ")";
  if (std::isfinite(difference.bootstrap.low))
    table += "\n                         " + Percent(difference.bootstrap.low) + " to " +
             Percent(difference.bootstrap.high) + " (95 % bootstrap of the " +
             std::to_string(difference.bootstrap.classes) + " classes, " +
             std::to_string(difference.bootstrap.replicates) + " replicates)";
  table += "\na: " + a + "\nb: " + b + "\n";
  if (!unpaired.empty())
    table += std::to_string(difference.student.count) + " of " + std::to_string(episodes_in_file) +
             " episodes are in both; not publishable\n";
  table += configuration_differences.empty() ? "equal configurations\n" : "differences in configuration (a -> b):\n";
  for (const std::string& one : configuration_differences) table += "  " + one + "\n";
  return table;
}

}  // namespace tint

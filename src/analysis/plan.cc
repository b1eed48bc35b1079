// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tint/analysis/collect.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/statistics/plan.h"

namespace tint {
namespace {

// A larger half width is probably in percent instead of a share.
constexpr double kMaxHalfWidth = 0.2;

struct Observed {
  double half_width = 0, queries = 0;  // queries 0: unknown
  int64_t episodes = 0;
};

[[noreturn]] void FailUsage(const std::string& field, const std::string& found, const std::string& expected) {
  Fail(ExitCode::kUsage, {.field = field, .found = found, .expected = expected});
}

double ParseNumber(const std::string& text, const std::string& whole) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    FailUsage("--published", Quote(whole),
              "HALF,N or HALF,N,Q: half width as a share, episodes, queries of an episode");
  return value;
}

Observed ParsePublished(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ',');
  if (parts.size() < 2 || parts.size() > 3)
    FailUsage("--published", Quote(text), "HALF,N or HALF,N,Q, such as 0.0048,600,75");
  Observed observed{.half_width = ParseNumber(parts[0], text)};
  const double episodes = ParseNumber(parts[1], text);
  if (parts.size() == 3) observed.queries = ParseNumber(parts[2], text);
  if (!(observed.half_width > 0 && observed.half_width < kMaxHalfWidth))
    FailUsage("--published", "a half width of " + parts[0],
              "a share above 0 and below 0.2: 0.0048 means 0.48 percentage points");
  if (episodes != std::floor(episodes) || episodes < 2 || episodes > 1e9)
    FailUsage("--published", parts[1] + " episodes", "a whole number of at least 2");
  if (parts.size() == 3 && observed.queries <= 1)
    FailUsage("--published", parts[2] + " queries", "more than one query per episode");
  observed.episodes = static_cast<int64_t>(episodes);
  return observed;
}

// sigma from an observed deviation; 0 if the episodes vary less than sampling of their queries explains.
double SigmaOf(double deviation, double mean, double queries) {
  return std::sqrt(std::max(0.0, UnbiasedVariance(deviation * deviation, mean, queries)));
}

Plan FromModel(const PlanOptions& options, double mean, double sigma, double queries, const std::string& from) {
  if (sigma * sigma > mean * (1 - mean))
    FailUsage("--sigma", std::to_string(sigma) + " with mean " + std::to_string(mean),
              "at most sqrt(mean (1 - mean)) = " + std::to_string(std::sqrt(mean * (1 - mean))));
  const double variance = EpisodeVariance({.mean = mean, .variance = sigma * sigma}, queries);
  Plan plan{.episodes = EpisodesForHalfWidth(variance, options.half_width),
            .half_width = options.half_width,
            .episode_deviation = std::sqrt(variance),
            .mean = mean,
            .sigma = sigma,
            .queries = queries,
            .episodes_with_all_queries = EpisodesForHalfWidth(sigma * sigma, options.half_width),
            .from = from};
  plan.variance = variance / static_cast<double>(plan.episodes);
  return plan;
}

Plan FromPublished(const PlanOptions& options) {
  const Observed observed = ParsePublished(options.published);
  const double deviation = DeviationOfInterval(observed.half_width, observed.episodes);
  const double published_queries = observed.queries > 0 ? observed.queries : options.queries_per_episode;
  const double queries = options.queries_per_episode > 0 ? options.queries_per_episode : published_queries;
  if (options.mean >= 0 && published_queries > 1)
    return FromModel(options, options.mean, SigmaOf(deviation, options.mean, published_queries), queries,
                     "published interval");
  if (queries != published_queries)
    FailUsage("--mean", "not given", "the published mean, to plan with another number of queries");
  Plan plan{.episodes = EpisodesForHalfWidth(deviation * deviation, options.half_width),
            .half_width = options.half_width,
            .episode_deviation = deviation,
            .from = "published interval"};
  plan.variance = deviation * deviation / static_cast<double>(plan.episodes);
  return plan;
}

Plan FromResults(const PlanOptions& options, const Results& results) {
  if (results.scores.size() < 2)
    Fail(ExitCode::kBadInput, {.file = results.path,
                               .field = "per_episode",
                               .found = "one episode",
                               .expected = "at least two, to estimate their variance"});
  const Moments moments = SampleMoments(AccuraciesOf(results.scores));
  const double observed = HarmonicMeanQueries(results.scores);
  if (observed <= 1)
    Fail(ExitCode::kBadInput, {.file = results.path,
                               .field = "queries",
                               .found = "one query per episode",
                               .expected = "more, to separate the variance of episodes from sampling of queries"});
  const double queries = options.queries_per_episode > 0 ? options.queries_per_episode : observed;
  return FromModel(options, moments.mean, SigmaOf(std::sqrt(moments.variance), moments.mean, observed), queries,
                   results.path);
}

}  // namespace

void PlanOptions::Declare(OptionList& list) {
  list.Add("mean", &mean, "Expected accuracy, in [0, 1]; -1: not given.").Range(-1, 1);
  list.Add("sigma", &sigma, "Standard deviation of the episodes' true accuracies; -1: not given.").Range(-1, 0.5);
  list.Add("published", &published,
           "A published 95 % interval: HALF,N[,Q]: half width (in [0, 1]), number of episodes, and queries "
           "per episode (without Q: the planned number).");
  list.Add("queries-per-episode", &queries_per_episode,
           "Number of queries per episode, of all classes together; 0: as in the result.")
      .Range(0, 1e9)
      .Source("paper, Theorem 1");
  list.Add("half-width", &half_width, "Half width of the 95 % confidence interval to reach, in [0, 1].")
      .Range(1e-6, 0.5);
}

Plan MakePlan(const PlanOptions& options, const std::optional<Results>& results) {
  const int sources = (results ? 1 : 0) + (options.published.empty() ? 0 : 1) + (options.sigma >= 0 ? 1 : 0);
  if (sources != 1)
    FailUsage("plan", sources == 0 ? "no input given" : "more than one input given",
              "one of RESULT, --published HALF,N, or --mean M --sigma S");
  if (results && options.mean >= 0) FailUsage("--mean", "given with a result", "the result only: it contains the mean");
  if (results) return FromResults(options, *results);
  if (!options.published.empty()) return FromPublished(options);
  if (options.mean < 0) FailUsage("--mean", "not given", "the expected accuracy, together with --sigma");
  if (options.queries_per_episode <= 0)
    FailUsage("--queries-per-episode", "not given", "the number of queries per episode");
  return FromModel(options, options.mean, options.sigma, options.queries_per_episode, "figures");
}

Json Plan::ToJson() const {
  const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(); };
  return {{"episodes", episodes},
          {"half_width", half_width},
          {"confidence", 0.95},
          {"episode_deviation", episode_deviation},
          {"variance", variance},
          {"mean", or_null(mean)},
          {"sigma", or_null(sigma)},
          {"queries_per_episode", or_null(queries)},
          {"episodes_with_all_queries", or_null(episodes_with_all_queries)},
          {"from", from}};
}

std::string Plan::ToTable() const {
  std::string table = std::to_string(episodes) + " episodes for +- " + Percent(half_width, 3) +
                      " points (95 % Student t), from " + from + "\n";
  table += "  standard deviation of episode accuracies " + Percent(episode_deviation) + " points";
  if (sigma) table += "; without the sampling of queries " + Percent(*sigma) + " (mean " + Percent(*mean) + " %)";
  table += "\n";
  table += fmt::format("  variance of the mean {:.3g}\n", variance);
  if (episodes_with_all_queries) {
    table += fmt::format("  with {:.6g} queries per episode; with unlimited queries {} episodes suffice\n", *queries,
                         *episodes_with_all_queries);
  }
  return table + "  two such results, unpaired, resolve differences of at least " +
         Percent(std::sqrt(2.0) * half_width, 3) + " points; episodes share classes, so this is a lower bound\n";
}

}  // namespace tint

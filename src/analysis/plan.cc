#include "tint/analysis/plan.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "tint/analysis/collect.h"
#include "tint/base/text.h"
#include "tint/statistics/plan.h"

namespace tint {
namespace {

// A half width above this is percent that were meant as a share.
constexpr double kWidest = 0.2;

struct Observed {
  double half_width = 0, queries = 0;  // queries 0: not told
  int64_t episodes = 0;
};

[[noreturn]] void Complain(const std::string& field, const std::string& found, const std::string& expected) {
  Fail(ExitCode::kUsage, {.field = field, .found = found, .expected = expected});
}

double ParseNumber(const std::string& text, const std::string& whole) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    Complain("--published", Quote(whole), "HALF,N or HALF,N,Q: half width as a share, episodes, queries of an episode");
  return value;
}

Observed ParsePublished(const std::string& text) {
  const std::vector<std::string> parts = Split(text, ',');
  if (parts.size() < 2 || parts.size() > 3)
    Complain("--published", Quote(text), "HALF,N or HALF,N,Q, such as 0.0048,600,75");
  Observed observed{.half_width = ParseNumber(parts[0], text)};
  const double episodes = ParseNumber(parts[1], text);
  if (parts.size() == 3) observed.queries = ParseNumber(parts[2], text);
  if (!(observed.half_width > 0 && observed.half_width < kWidest))
    Complain("--published", "a half width of " + parts[0],
             "a share above 0 and below 0.2: 0.0048 stands for 0.48 points of percent");
  if (episodes != std::floor(episodes) || episodes < 2 || episodes > 1e9)
    Complain("--published", parts[1] + " episodes", "a whole number from 2 on");
  if (parts.size() == 3 && observed.queries <= 1)
    Complain("--published", parts[2] + " queries", "more than one query of an episode");
  observed.episodes = static_cast<int64_t>(episodes);
  return observed;
}

// sigma from an observed deviation. Chance can make episodes more alike than their queries allow: then 0.
double SigmaOf(double deviation, double mean, double queries) {
  return std::sqrt(std::max(0.0, UnbiasedVariance(deviation * deviation, mean, queries)));
}

Plan FromModel(const PlanOptions& options, double mean, double sigma, double queries, const std::string& from) {
  if (sigma * sigma > mean * (1 - mean))
    Complain("--sigma", std::to_string(sigma) + " with mean " + std::to_string(mean),
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
    Complain("--mean", "not given", "the published mean, to plan with another number of queries");
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
                               .expected = "at least two, to know how they differ"});
  const Moments moments = SampleMoments(AccuraciesOf(results.scores));
  const double observed = HarmonicMeanQueries(results.scores);
  if (observed <= 1)
    Fail(ExitCode::kBadInput, {.file = results.path,
                               .field = "queries",
                               .found = "one query an episode",
                               .expected = "more, to tell spread of episodes from chance"});
  const double queries = options.queries_per_episode > 0 ? options.queries_per_episode : observed;
  return FromModel(options, moments.mean, SigmaOf(std::sqrt(moments.variance), moments.mean, observed), queries,
                   results.path);
}

}  // namespace

void PlanOptions::Declare(OptionList& list) {
  list.Add("mean", &mean, "Expected accuracy as a share; -1: not given.").Range(-1, 1);
  list.Add("sigma", &sigma, "Standard deviation of the episodes' true accuracies; -1: not given.").Range(-1, 0.5);
  list.Add("published", &published,
           "A printed 95 % interval instead: HALF,N[,Q], half width as a share, episodes, and queries of an episode "
           "(without Q: as many as are planned).");
  list.Add("queries-per-episode", &queries_per_episode,
           "Queries of an episode, all classes together; 0: as in the result.")
      .Range(0, 1e9)
      .Source("paper, Theorem 1");
  list.Add("half-width", &half_width, "Half width of the 95 % interval to reach, as a share.").Range(1e-6, 0.5);
}

Plan MakePlan(const PlanOptions& options, const std::optional<Results>& results) {
  const int sources = (results ? 1 : 0) + (options.published.empty() ? 0 : 1) + (options.sigma >= 0 ? 1 : 0);
  if (sources != 1)
    Complain("plan", sources == 0 ? "nothing to plan from" : "more than one thing to plan from",
             "one of RESULT, --published HALF,N, or --mean M --sigma S");
  if (results && options.mean >= 0) Complain("--mean", "given with a result", "the result alone: it tells its mean");
  if (results) return FromResults(options, *results);
  if (!options.published.empty()) return FromPublished(options);
  if (options.mean < 0) Complain("--mean", "not given", "the expected accuracy beside --sigma");
  if (options.queries_per_episode <= 0)
    Complain("--queries-per-episode", "not given", "the number of queries of an episode");
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
  table += "  deviation of an episode's accuracy " + Percent(episode_deviation) + " points";
  if (sigma) table += "; without the chance of queries " + Percent(*sigma) + " (mean " + Percent(*mean) + " %)";
  table += "\n";
  char line[160];
  std::snprintf(line, sizeof line, "  variance of the mean %.3g\n", variance);
  table += line;
  if (episodes_with_all_queries) {
    std::snprintf(line, sizeof line, "  with %.6g queries an episode; with very many %lld episodes would do\n",
                  *queries, static_cast<long long>(*episodes_with_all_queries));
    table += line;
  }
  return table + "  two such results, not paired, tell differences from " + Percent(std::sqrt(2.0) * half_width, 3) +
         " points on; episodes share classes, so take this for the least\n";
}

}  // namespace tint

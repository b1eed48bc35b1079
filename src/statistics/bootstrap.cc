// SPDX-License-Identifier: Apache-2.0
#include "tint/statistics/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "tint/base/error.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// A class's part of an episode: r_ec / n_e and m_ec / n_e of the header.
struct Cell {
  double correct = 0, weight = 0;
};

struct Cells {
  std::map<std::pair<size_t, size_t>, Cell> at = {};  // by episode, and class in byte order of the names
  size_t episodes = 0, classes = 0;
};

// `subtracted` is empty, or has the paired episodes in the same order.
Cells CellsOf(const std::vector<EpisodeScore>& scores, const std::vector<EpisodeScore>& subtracted) {
  Cells all{.episodes = scores.size()};
  std::map<std::string, size_t> index;
  for (const EpisodeScore& score : scores) {
    for (const ClassScore& one : score.classes) {
      if (one.queries > 0) index[one.name] = 0;
    }
  }
  for (auto& [name, class_idx] : index) class_idx = all.classes++;
  const auto add = [&](size_t episode, const EpisodeScore& score, double sign) {
    TINT_CHECK_GT(score.queries, 0) << "episode " << score.episode_idx;
    for (const ClassScore& one : score.classes) {
      if (one.queries == 0) continue;
      Cell& cell = all.at[{episode, index.at(one.name)}];
      cell.correct += sign * static_cast<double>(one.correct) / static_cast<double>(score.queries);
      if (sign > 0) cell.weight = static_cast<double>(one.queries) / static_cast<double>(score.queries);
    }
  };
  for (size_t e = 0; e < scores.size(); ++e) add(e, scores[e], 1);
  for (size_t e = 0; e < subtracted.size(); ++e) add(e, subtracted[e], -1);
  return all;
}

class Resampler {
 public:
  explicit Resampler(const Cells& all) : correct_(all.classes), weight_(all.classes), accuracy_(all.episodes) {
    for (const auto& [place, cell] : all.at) {
      const auto [episode, class_idx] = place;
      correct_[class_idx] += cell.correct;
      weight_[class_idx] += cell.weight;
      accuracy_[episode] += cell.correct;
      mean_ += cell.correct / static_cast<double>(all.episodes);
    }
    std::vector<double> of_episode(all.episodes);
    double cells = 0, episodes = 0;
    for (const auto& [place, cell] : all.at) {
      const double residual = cell.correct - mean_ * cell.weight;
      cells += residual * residual;
      of_episode[place.first] += residual;
    }
    for (const double residual : of_episode) episodes += residual * residual;
    common_ = episodes > cells ? std::sqrt(1 - cells / episodes) : 0;
  }

  double Replicate(uint64_t seed, uint64_t replicate) const {
    RandomStream classes({.seed = seed, .stage = "bootstrap/classes", .index = replicate});
    const auto last = static_cast<int64_t>(correct_.size()) - 1;
    double correct = 0, weight = 0;
    for (size_t draw = 0; draw < correct_.size(); ++draw) {
      const auto c = static_cast<size_t>(classes.Integer(0, last));
      correct += correct_[c];
      weight += weight_[c];
    }
    return correct / weight + (common_ == 0 ? 0 : common_ * EpisodePart(seed, replicate));
  }

 private:
  double EpisodePart(uint64_t seed, uint64_t replicate) const {
    RandomStream episodes({.seed = seed, .stage = "bootstrap/episodes", .index = replicate});
    const auto last = static_cast<int64_t>(accuracy_.size()) - 1;
    double sum = 0;
    for (size_t draw = 0; draw < accuracy_.size(); ++draw)
      sum += accuracy_[static_cast<size_t>(episodes.Integer(0, last))];
    return sum / static_cast<double>(accuracy_.size()) - mean_;
  }

  std::vector<double> correct_, weight_;  // R_c, M_c
  std::vector<double> accuracy_;          // of each episode, or the difference of a pair's
  double mean_ = 0, common_ = 0;          // theta, lambda
};

BootstrapInterval Bootstrap(const Cells& all, const BootstrapOptions& options) {
  TINT_CHECK_GT(all.episodes, 0u);
  TINT_CHECK_GT(options.replicates, 1);
  TINT_CHECK(options.confidence > 0 && options.confidence < 1) << "confidence " << options.confidence;
  const double none = std::numeric_limits<double>::quiet_NaN();
  BootstrapInterval interval{none, none, static_cast<int64_t>(all.classes), options.replicates};
  if (all.classes < 2) return interval;
  const Resampler resampler(all);
  std::vector<double> replicates;
  for (int64_t r = 0; r < options.replicates; ++r)
    replicates.push_back(resampler.Replicate(options.seed, static_cast<uint64_t>(r)));
  std::sort(replicates.begin(), replicates.end());
  interval.low = Percentile(replicates, (1 - options.confidence) / 2);
  interval.high = Percentile(replicates, (1 + options.confidence) / 2);
  return interval;
}

std::vector<EpisodeScore> ByEpisode(std::vector<EpisodeScore> scores) {
  std::sort(scores.begin(), scores.end(),
            [](const EpisodeScore& x, const EpisodeScore& y) { return x.episode_idx < y.episode_idx; });
  return scores;
}

}  // namespace

double Percentile(const std::vector<double>& sorted, double p) {
  TINT_CHECK(!sorted.empty());
  TINT_CHECK(p >= 0 && p <= 1) << p;
  const double place = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (place - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

BootstrapInterval ClassBootstrap(const std::vector<EpisodeScore>& scores, const BootstrapOptions& options) {
  return Bootstrap(CellsOf(ByEpisode(scores), {}), options);
}

std::string WhyNotPaired(const EpisodeScore& a, const EpisodeScore& b) {
  if (a.classes.size() != b.classes.size())
    return std::to_string(a.classes.size()) + " and " + std::to_string(b.classes.size()) + " classes";
  std::map<std::string, int64_t> queries;
  for (const ClassScore& one : a.classes) queries[one.name] = one.queries;
  for (const ClassScore& one : b.classes) {
    const auto found = queries.find(one.name);
    if (found == queries.end()) return "class '" + one.name + "' in only one of them";
    if (found->second != one.queries)
      return "class '" + one.name + "' has " + std::to_string(found->second) + " and " + std::to_string(one.queries) +
             " queries";
  }
  return "";
}

PairedDifference ComparePaired(const std::vector<EpisodeScore>& a, const std::vector<EpisodeScore>& b,
                               const BootstrapOptions& options) {
  TINT_CHECK_EQ(a.size(), b.size());
  TINT_CHECK(!a.empty());
  const std::vector<EpisodeScore> first = ByEpisode(a), second = ByEpisode(b);
  PairedDifference result;
  for (size_t e = 0; e < first.size(); ++e) {
    TINT_CHECK_EQ(first[e].episode_idx, second[e].episode_idx);
    const std::string why = WhyNotPaired(first[e], second[e]);
    TINT_CHECK(why.empty()) << why << ", episode " << first[e].episode_idx;
    result.episodes.push_back(first[e].episode_idx);
    result.differences.push_back(first[e].accuracy - second[e].accuracy);
  }
  result.student = StudentInterval(result.differences);
  result.bootstrap = Bootstrap(CellsOf(first, second), options);
  return result;
}

}  // namespace tint

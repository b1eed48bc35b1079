// SPDX-License-Identifier: Apache-2.0
// Draws the episodes of an episode file from a data set.
#include <algorithm>

#include "tint/base/error.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/data/episode_file.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

// Names the sampling rule, not the version of the program: another rule needs another name.
constexpr char kGenerator[] = "tint 0.1 philox";
constexpr char kStream[] = "episodes draw";
// Random streams of an episode: one for its classes, and one for the images of each class.
enum StreamIndex : uint64_t { kClasses = 0, kImages = 1 };

void RequireEnough(const ImageSource& source, const DrawOptions& options) {
  const auto classes = static_cast<int64_t>(source.Classes().size());
  if (options.ways < 1 || options.shots < 1 || options.queries < 0 || options.count < 1) {
    Fail(ExitCode::kUsage, "ways, shots and count must be at least 1, queries at least 0 (all remaining images)");
  }
  if (options.ways > classes) {
    Fail(ExitCode::kBadInput,
         {.field = "ways",
          .found = std::to_string(options.ways) + " classes are requested, but " +
                   Quote(options.dataset + ":" + options.split) + " has " + std::to_string(classes),
          .expected = "at most the number of classes"});
  }
  const int64_t needed = options.shots + std::max<int64_t>(options.queries, 1);
  for (const std::string& name : source.Classes()) {
    const auto images = static_cast<int64_t>(source.Files(name).size());
    if (images >= needed) continue;
    Fail(ExitCode::kBadInput,
         {.field = options.queries > 0 ? "shots and queries" : "shots",
          .found = "class " + Quote(name) + " has " + std::to_string(images) + " images",
          .expected = "at least " + std::to_string(needed) + " in every class: " + std::to_string(options.shots) +
                      " supports and " + (options.queries > 0 ? std::to_string(options.queries) : "a") + " query",
          .remedy = "Request fewer"});
  }
}

Json DrawEpisode(const ImageSource& source, const DrawOptions& options, uint64_t episode) {
  const std::vector<std::string>& all = source.Classes();
  RandomStream classes({options.seed, kStream, episode, 0, kClasses});
  const std::vector<int64_t> order = classes.Permutation(static_cast<int64_t>(all.size()));
  Json result = {{"classes", Json::array()}, {"support", Json::array()}, {"query", "rest"}};
  if (options.queries > 0) result["query"] = Json::array();
  for (int64_t way = 0; way < options.ways; ++way) {
    const auto class_idx = static_cast<uint64_t>(order[way]);
    const std::vector<std::string>& files = source.Files(all[class_idx]);
    RandomStream images({options.seed, kStream, episode, class_idx, kImages});
    const std::vector<int64_t> drawn = images.Permutation(static_cast<int64_t>(files.size()));
    Json support = Json::array(), query = Json::array();
    for (int64_t i = 0; i < options.shots; ++i) support.push_back(files[drawn[i]]);
    for (int64_t i = 0; i < options.queries; ++i) query.push_back(files[drawn[options.shots + i]]);
    result["classes"].push_back(all[class_idx]);
    result["support"].push_back(std::move(support));
    if (options.queries > 0) result["query"].push_back(std::move(query));
  }
  return result;
}

}  // namespace

std::string DrawEpisodes(const ImageSource& source, const DrawOptions& options) {
  RequireEnough(source, options);
  Json file;
  file["schema"] = 1;
  file["dataset"] = options.dataset;
  file["split"] = options.split;
  file["seed"] = options.seed;
  file["generator"] = kGenerator;
  file["dataset_sha256"] = source.ContentSha256();
  file["episodes"] = Json::array();
  for (int64_t k = 0; k < options.count; ++k) {
    file["episodes"].push_back(DrawEpisode(source, options, static_cast<uint64_t>(k)));
  }
  return file.dump(2) + "\n";
}

}  // namespace tint

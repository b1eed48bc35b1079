// SPDX-License-Identifier: Apache-2.0
// The results that the paper reports, and how a result's setting differs from the paper's.

#include <algorithm>
#include <map>

#include "tint/analysis/collect.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/options/resolve.h"
#include "tint/stages/options.h"

namespace tint {
namespace {

constexpr uint64_t kPaperEpisodes = 120;

struct PublishedRow {
  const char *dataset, *student;
  double accuracy, half_width;  // percent
};
// TINT on the test splits, 5-way 5-shot, 120 episodes with all remaining images as queries: docs/method.md, Published
// results.
constexpr int64_t kPublishedWays = 5, kPublishedShots = 5;
constexpr PublishedRow kPublished[] = {
    {"miniimagenet", "conv4", 80.29, 1.14},    {"cub", "conv4", 89.56, 0.80},    {"cifar-fs", "conv4", 85.43, 1.03},
    {"miniimagenet", "resnet12", 93.13, 0.50}, {"cub", "resnet12", 94.57, 0.60}, {"cifar-fs", "resnet12", 93.18, 0.86},
};

// Keys that are not the value of an option: "auto" resolved by models, data set or device, or options that change
// results by rounding only.
bool IsResolved(const std::string& group, const std::string& option, const Json& options) {
  if (option == "batch-size") return true;
  return group == "super-resolve" && option == "tile-overlap" && options.value("tile", 0) == 0;
}

Json PaperValue(const std::string& group, const Option& option) {
  if (group == "super-resolve" && option.name() == "post-size") return 512;  // the autoencoder's
  return option.Get();
}

void AddOptions(const OptionGroup& group, const Json& components, std::vector<std::string>* deviations) {
  const Json options = components.value("options", Json::object());
  for (const Option& option : group.list.options()) {
    const auto found = options.find(option.name());
    if (found == options.end() || IsResolved(group.name, option.name(), options)) continue;
    const Json paper = PaperValue(group.name, option);
    if (*found != paper)
      deviations->push_back(group.name + "." + option.name() + " " + found->dump() + " (paper: " + paper.dump() + ")");
  }
  if (components.value("dtype", "float32") != "float32")
    deviations->push_back(group.name + " in " + components.at("dtype").get<std::string>() + " (paper: float32)");
}

void AddRow(const Results& results, std::vector<std::string>* deviations) {
  RunOptions defaults;  // preset paper
  CommandOptions grammar("collect", "");
  defaults.Declare(grammar);
  for (const OptionGroup& group : grammar.groups()) {
    const auto components = results.configuration.find(group.name);
    if (!group.name.empty() && components != results.configuration.end()) AddOptions(group, *components, deviations);
  }
  const auto distill = results.configuration.find("distill");
  if (distill == results.configuration.end()) return;
  if (!results.configuration.contains("generate")) deviations->push_back("no generated images (paper: 4000 per class)");
  const Json options = distill->value("options", Json::object());
  if (options.value("student-init", "") == "random")
    deviations->push_back("the student starts from random weights (paper: pre-trained on the base classes)");
  if (options.value("base", "some") == "none") deviations->push_back("no base images (paper: the data set's)");
  const int64_t side = results.dataset == "cifar-fs" ? 32 : 84;
  if (options.value("image-size", side) != side)
    deviations->push_back("image-size " + options.at("image-size").dump() + " (paper: " + std::to_string(side) + ")");
}

}  // namespace

std::optional<PublishedValue> FindPublished(const Results& results) {
  if (results.ways != kPublishedWays || results.shots != kPublishedShots) return std::nullopt;
  if (!results.split.empty() && results.split != "test") return std::nullopt;
  for (const PublishedRow& row : kPublished) {
    if (results.dataset != row.dataset || results.student != row.student) continue;
    return PublishedValue{.accuracy = row.accuracy / 100,
                          .half_width = row.half_width / 100,
                          .episodes = kPaperEpisodes,
                          .source = "TINT as published, test split, 5-way 5-shot"};
  }
  return std::nullopt;
}

std::vector<std::string> DisclosureLines(const Results& results) {
  std::vector<std::string> lines;
  for (const auto& [role, about] : results.disclosure.items()) {
    const auto text = [&about = about](const char* member, const std::string& otherwise) {
      const auto found = about.find(member);
      return found != about.end() && found->is_string() ? found->template get<std::string>() : otherwise;
    };
    const std::string source = text("source", "");
    lines.push_back(role + (source.empty() ? "" : " (" + source + ")") +
                    ": training data: " + text("training_data", "unknown"));
  }
  return lines;
}

std::vector<std::string> DeviationsFromPaper(const Results& results) {
  std::vector<std::string> deviations;
  if (results.method != "tint") deviations.push_back("method " + results.method + " (paper: tint, the whole pipeline)");
  AddRow(results, &deviations);
  if (results.episodes_in_file == 0) {
    deviations.push_back("a custom image folder (paper: 120 episodes of a data set)");
  } else if (results.episodes_in_file != kPaperEpisodes) {
    deviations.push_back(std::to_string(results.episodes_in_file) + " episodes (paper: 120)");
  }
  if (results.queries_per_class > 0)
    deviations.push_back("at most " + std::to_string(results.queries_per_class) +
                         " queries per class (paper: all remaining images)");
  if (!results.split.empty() && results.split != "test")
    deviations.push_back("split " + results.split + " (paper: test)");
  return deviations;
}

}  // namespace tint

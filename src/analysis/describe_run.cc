// SPDX-License-Identifier: Apache-2.0
#include "tint/analysis/describe_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "tint/artifacts/completed_stage.h"
#include "tint/base/error.h"
#include "tint/base/json.h"

namespace tint {
namespace {

std::vector<RunFolder::Entry> OldestFirst(std::vector<RunFolder::Entry> entries) {
  const auto made = [](const RunFolder::Entry& entry) {
    std::error_code ignored;
    return std::filesystem::last_write_time(entry.complete ? entry.folder / kDoneFile : entry.folder, ignored);
  };
  std::stable_sort(entries.begin(), entries.end(), [&](const RunFolder::Entry& a, const RunFolder::Entry& b) {
    return std::make_tuple(a.episode_idx, a.stage, made(a)) < std::make_tuple(b.episode_idx, b.stage, made(b));
  });
  return entries;
}

// A done.json that cannot be trusted is a finding, not a failure.
RunResult DescribeResult(const RunFolder::Entry& entry) {
  RunResult result{.episode = EpisodeLabel(entry.episode_idx),
                   .stage = entry.stage,
                   .key = entry.folder.filename().string(),
                   .complete = entry.complete};
  if (!entry.complete) return result;
  try {
    const auto stage = CompletedStage::Open(entry.folder);
    result.complete = stage.has_value();  // it may have been removed meanwhile
    if (!stage) return result;
    result.readable = true;
    result.problems = stage->Problems();
    result.components = stage->components();
    result.metrics = stage->metrics();
    result.seconds = stage->cost().seconds;
    result.files = stage->Files().size();
  } catch (const Error& error) {
    result.problems = {error.what()};
  }
  return result;
}

std::string Line(const RunResult& result) {
  const char* state = !result.complete ? "unfinished" : result.problems.empty() ? "complete" : "DAMAGED";
  std::string text = fmt::format("{:>7}  {:<20}  {}  {:<10}", result.episode, result.stage, result.key, state);
  if (result.readable) text += fmt::format("  {:7.1f}  {:5}", result.seconds, result.files);
  return text + "\n";
}

}  // namespace

Json RunDescription::ToJson() const {
  Json json = {{"run", run}, {"manifest", manifest}, {"stages", Json::array()}};
  for (const RunResult& result : results) {
    Json one = {
        {"episode", result.episode}, {"stage", result.stage}, {"key", result.key}, {"complete", result.complete}};
    if (result.complete) one["problems"] = result.problems;
    if (result.readable) {
      one["components"] = result.components;
      one["metrics"] = result.metrics;
      one["seconds"] = result.seconds;
    }
    if (!result.differences.empty()) one["why"] = result.differences;
    json["stages"].push_back(one);
  }
  return json;
}

std::string RunDescription::ToTable() const {
  std::string text = "episode  stage                 key           state       seconds  files\n";
  for (const RunResult& result : results) {
    text += Line(result);
    for (const std::string& problem : result.problems) text += "         " + problem + "\n";
    for (const std::string& difference : result.differences)
      text += "         differs from the one above: " + difference + "\n";
  }
  return text;
}

RunDescription DescribeRun(const RunFolder& run, bool why) {
  RunDescription description{.run = run.path().string(), .manifest = run.Manifest(), .results = {}};
  std::map<std::pair<uint64_t, std::string>, Json> earlier;
  for (const RunFolder::Entry& entry : OldestFirst(run.Entries())) {
    RunResult result = DescribeResult(entry);
    if (result.readable) {
      Json& before = earlier[{entry.episode_idx, entry.stage}];
      if (why && !before.is_null()) result.differences = DifferencesOfKeys(before, result.components);
      before = result.components;
    }
    description.results.push_back(std::move(result));
  }
  return description;
}

}  // namespace tint

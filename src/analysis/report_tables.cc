// SPDX-License-Identifier: Apache-2.0
// Fréchet distances, time and memory, and the provenance of results.
#include <fmt/format.h>

#include <algorithm>

#include "report_arms.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/stages/options.h"

namespace tint::internal {
namespace {

constexpr double kMaxFid = 1e300;

std::string FourDigits(double value) { return fmt::format("{:.4g}", value); }

std::string Count(const JsonDocument& document, const std::string& pointer) {
  return std::to_string(RequireInteger(document, pointer, 0, INT64_MAX, ExitCode::kBadInput));
}

std::vector<std::string> FidCells(const JsonDocument& document) {
  const ExitCode bad = ExitCode::kBadInput;
  return {document.file,
          FourDigits(RequireNumber(document, "/fid", -kMaxFid, kMaxFid, bad)),
          RequireString(document, "/real", bad),
          Count(document, "/real_images"),
          RequireString(document, "/generated", bad),
          Count(document, "/generated_images"),
          Count(document, "/dimensions"),
          Count(document, "/size"),
          RequireString(document, "/preprocessing", bad),
          RequireString(document, "/inception_sha256", bad).substr(0, 12)};
}

PageTable PerClassTable(const JsonDocument& document, size_t count) {
  const ExitCode bad = ExitCode::kBadInput;
  PageTable table{.caption = document.file + ": every class",
                  .head = {"class", "group", "FID", "real", "generated"},
                  .folded = true};
  for (size_t k = 0; k < count; ++k) {
    const std::string at = "/per_class/" + std::to_string(k);
    table.rows.push_back({RequireString(document, at + "/class", bad), RequireString(document, at + "/group", bad),
                          FourDigits(RequireNumber(document, at + "/fid", -kMaxFid, kMaxFid, bad)),
                          Count(document, at + "/real_images"), Count(document, at + "/generated_images")});
  }
  return table;
}

struct StageSum {
  int64_t results = 0;
  StageCost cost;

  void Add(const StageCost& one) {
    ++results;
    cost.seconds += one.seconds;
    cost.device_seconds += one.device_seconds;
    cost.peak_host_bytes = std::max(cost.peak_host_bytes, one.peak_host_bytes);
    cost.peak_device_bytes = std::max(cost.peak_device_bytes, one.peak_device_bytes);
  }
  std::vector<std::string> Cells(const std::string& name) const {
    const auto bytes = [](uint64_t count) { return count == 0 ? std::string("-") : FormatBytes(count); };
    return {name,
            std::to_string(results),
            FormatSeconds(cost.seconds),
            FormatSeconds(cost.seconds / static_cast<double>(std::max<int64_t>(1, results))),
            cost.device_seconds > 0 ? FormatSeconds(cost.device_seconds) : "-",
            bytes(cost.peak_host_bytes),
            bytes(cost.peak_device_bytes)};
  }
};

PageTable CostTable(const ReportArm& arm, const std::vector<ReportArm>& arms) {
  PageTable table{
      .caption = "Time and memory of each stage: " + Heading(arm, arms),
      .head = {"stage", "results", "time", "time per result", "device time", "peak memory", "peak device memory"}};
  StageSum all;
  for (const std::string& name : StageNames()) {
    StageSum sum;
    for (const auto& [episode_idx, stages] : arm.episodes) {
      const auto found = stages.find(name);
      if (found == stages.end()) continue;
      sum.Add(found->second.cost());
      all.Add(found->second.cost());
    }
    if (sum.results > 0) table.rows.push_back(sum.Cells(name));
  }
  std::map<std::string, StageSum> shared;
  for (const RunFolder::Entry& entry : arm.run->SharedEntries()) {
    const auto stage = entry.complete ? CompletedStage::Open(entry.folder) : std::nullopt;
    if (!stage) continue;
    shared["shared/" + entry.stage].Add(stage->cost());
    all.Add(stage->cost());
  }
  for (const auto& [name, sum] : shared) table.rows.push_back(sum.Cells(name));
  table.rows.push_back(all.Cells("total"));
  return table;
}

std::string Text(const Json& value) {
  if (value.is_null() || value == "") return "-";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// {"alpha": {"value": 1.0, "origin": "preset"}} of every group.
PageTable OptionTable(const Json& groups) {
  PageTable table{.caption = "Options of the latest command (run.json), and the origin of each value",
                  .head = {"option", "value", "origin"},
                  .folded = true};
  for (const auto& [group, options] : groups.items()) {
    for (const auto& [name, option] : options.items()) {
      if (!option.is_object() || !option.contains("value")) continue;
      table.rows.push_back({(group == "global" ? "" : group + ".") + name, Text(option.at("value")),
                            Text(option.value("origin", Json("")))});
    }
  }
  return table;
}

std::string Member(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? "-" : Text(*found);
}

// Models as run.json lists them, with the data they were trained on.
PageTable ModelTable(const Json& models, const Json& disclosure) {
  PageTable table{.caption = "Models", .head = {"role", "source", "licence", "training data", "precision", "SHA-256"}};
  for (const auto& [role, model] : models.items()) {
    const Json disclosed = disclosure.value(role, Json::object());
    table.rows.push_back({role, Member(model, "source"), Member(model, "licence"), Member(disclosed, "training_data"),
                          Member(model, "dtype"), Member(model, "sha256")});
  }
  for (const auto& [role, disclosed] : disclosure.items()) {
    if (models.contains(role) || !disclosed.is_object()) continue;
    table.rows.push_back({role, Member(disclosed, "source"), Member(disclosed, "licence"),
                          Member(disclosed, "training_data"), "-", "-"});
  }
  return table;
}

// The key components that make a configuration, leaf by leaf.
void AddLeaves(const std::string& place, const Json& value, PageTable* table) {
  if (!value.is_object() || value.empty()) {
    table->rows.push_back({place, Text(value)});
    return;
  }
  for (const auto& [name, member] : value.items()) AddLeaves(place.empty() ? name : place + "." + name, member, table);
}

PageTable FactTable(const ReportArm& arm, const Json& manifest) {
  PageTable table{.caption = "Software, data and seed", .head = {"property", "value"}};
  for (const char* name : {"tint", "libtorch", "device", "threads"}) {
    if (manifest.contains(name)) table.rows.push_back({name, Text(manifest.at(name))});
  }
  for (const char* group : {"data", "episodes"}) {
    if (manifest.contains(group)) AddLeaves(group, manifest.at(group), &table);
  }
  const Json seed = manifest.value("options", Json::object()).value("global", Json::object()).value("seed", Json());
  if (seed.is_object()) table.rows.push_back({"seed", Member(seed, "value")});
  if (!arm.scored) return table;
  const Results& results = arm.scored->results;
  table.rows.push_back({"episodes_sha256", results.episodes_sha256.empty() ? "-" : results.episodes_sha256});
  table.rows.push_back({"configuration_sha256", results.configuration_sha256});
  return table;
}

PageTable KeyTable(const ReportArm& arm) {
  PageTable table{.caption = "Results by episode and stage: keys of their folders, and hashes of their content",
                  .head = {"episode", "stage", "key", "content SHA-256"},
                  .folded = true};
  for (const auto& [episode_idx, stages] : arm.episodes) {
    for (const std::string& name : StageNames()) {
      const auto found = stages.find(name);
      if (found == stages.end()) continue;
      table.rows.push_back({EpisodeLabel(episode_idx), name, found->second.key(), found->second.content_sha256()});
    }
  }
  return table;
}

}  // namespace

PageSection FidSection(const std::vector<std::string>& files) {
  PageSection section{.id = "fid", .title = "Fréchet distance", .blocks = {}};
  PageTable table{
      .caption =
          "Lower is closer to the real images. Values with different preprocessing, image sizes or numbers of "
          "images are not comparable.",
      .head = {"file", "FID", "real", "images", "generated", "images", "features", "pixels", "preprocessing",
               "inception"}};
  std::vector<PageBlock> rest;
  for (const std::string& file : files) {
    const JsonDocument document = ParseJson(ReadFile(file, JsonLimits().max_bytes), file, ExitCode::kBadInput);
    table.rows.push_back(FidCells(document));
    std::vector<std::string> warnings;
    for (size_t k = 0; k < RequireArray(document, "/warnings", ExitCode::kBadInput).size(); ++k)
      warnings.push_back(RequireString(document, "/warnings/" + std::to_string(k), ExitCode::kBadInput));
    if (!warnings.empty()) rest.push_back(PageList{.title = file + ": warnings", .items = std::move(warnings)});
    const size_t classes = RequireArray(document, "/per_class", ExitCode::kBadInput).size();
    if (classes > 0) rest.push_back(PerClassTable(document, classes));
  }
  if (table.rows.empty()) return section;
  section.blocks.push_back(table);
  section.blocks.insert(section.blocks.end(), rest.begin(), rest.end());
  return section;
}

PageSection CostSection(const std::vector<ReportArm>& arms) {
  PageSection section{.id = "cost", .title = "Time and memory", .blocks = {}};
  for (const ReportArm& arm : arms) {
    if (arm.run && !arm.episodes.empty()) section.blocks.push_back(CostTable(arm, arms));
  }
  return section;
}

PageSection ProvenanceSection(const std::vector<ReportArm>& arms) {
  PageSection section{.id = "provenance", .title = "Provenance", .blocks = {}};
  for (const ReportArm& arm : arms) {
    const Json manifest = arm.run ? arm.run->Manifest() : Json::object();
    const Json disclosure = arm.scored ? arm.scored->results.disclosure : Json::object();
    if (arms.size() > 1) section.blocks.push_back(SubHeading{Heading(arm, arms)});
    section.blocks.push_back(FactTable(arm, manifest));
    PageTable models = ModelTable(manifest.value("models", Json::object()), disclosure);
    if (!models.rows.empty()) section.blocks.push_back(std::move(models));
    PageTable options = OptionTable(manifest.value("options", Json::object()));
    if (!options.rows.empty()) section.blocks.push_back(std::move(options));
    if (arm.scored) {
      PageTable table{.caption = "Configuration of the result", .head = {"component", "value"}, .folded = true};
      AddLeaves("", arm.scored->results.configuration, &table);
      section.blocks.push_back(std::move(table));
    }
    PageTable keys = KeyTable(arm);
    if (!keys.rows.empty()) section.blocks.push_back(std::move(keys));
  }
  return section;
}

}  // namespace tint::internal

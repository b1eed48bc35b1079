// SPDX-License-Identifier: Apache-2.0
#include "tint/data/synthetic_dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <mutex>

#include "tint/base/durable.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/parallel.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/image/encode.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kVersion = 1;  // of the images' appearance
constexpr char kIndex[] = "drawn.json", kUnfinished[] = ".unfinished-";

Json Description(const std::string& split, const SyntheticDatasetOptions& options) {
  return {{"world", kVersion},
          {"seed", options.seed},
          {"side", options.side},
          {"classes", SyntheticClasses(split).size()},
          {"per_class", options.per_class}};
}

Json ReadIndex(const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / kIndex, ignored)) return {{"schema", 1}, {"splits", Json::object()}};
  const JsonDocument document = ParseJson(ReadFile(folder / kIndex, 1 << 20), folder / kIndex, ExitCode::kBadInput);
  RequireObject(document, "/splits", ExitCode::kBadInput);
  return document.root;
}

// True if the split exists with the wanted options; anything else under its name is an error.
bool Exists(const fs::path& folder, const std::string& split, const Json& index, const Json& wanted) {
  std::error_code ignored;
  if (!fs::exists(folder / split, ignored)) return false;
  const auto found = index.at("splits").find(split);
  if (found != index.at("splits").end() && *found == wanted) return true;
  Fail(ExitCode::kBadInput,
       {.file = folder / split,
        .found = found == index.at("splits").end() ? "already exists and was not written by tint dataset synthesize"
                                                   : "was written with " + found->dump(),
        .expected = wanted.dump() + ", or a new folder",
        .remedy = "Write to another folder, or remove this one."});
}

std::string FileName(const std::string& class_name, int64_t index) {
  return fmt::format("{}_{:05}.png", class_name, index);
}

// Without fsync: the folder gets its final name when all is written, and an interrupted one is written again.
void WriteWithoutSync(const fs::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream)
    Fail(ExitCode::kInputOutput, {.file = file, .found = "cannot be written", .expected = "free disk space"});
}

void WriteImages(const fs::path& folder, const std::string& split, const SyntheticDatasetOptions& options,
                 const std::function<void()>& step) {
  const std::vector<SyntheticClass>& classes = SyntheticClasses(split);
  std::mutex mutex;
  for (const SyntheticClass& one : classes) CreateFoldersDurably(folder / one.Name());
  ParallelFor(static_cast<int64_t>(classes.size()) * options.per_class, 0, [&](int64_t k) {
    ThrowIfStopRequested();
    const int64_t class_idx = k / options.per_class, index = k % options.per_class;
    const std::string name = classes[static_cast<size_t>(class_idx)].Name();
    WriteWithoutSync(folder / name / FileName(name, index),
                     EncodePng(RenderSyntheticImage(split, class_idx, index, options.seed, options.side)));
    const std::lock_guard<std::mutex> lock(mutex);
    if (step) step();
  });
}

}  // namespace

std::vector<SyntheticSplit> WriteSyntheticDataset(const fs::path& folder, const SyntheticDatasetOptions& options,
                                                  const std::function<void()>& step) {
  CreateFoldersDurably(folder);
  Json index = ReadIndex(folder);
  std::vector<SyntheticSplit> results;
  for (const std::string& split : options.splits) {
    const auto classes = static_cast<int64_t>(SyntheticClasses(split).size());
    const Json wanted = Description(split, options);
    results.push_back({split, classes, classes * options.per_class, Exists(folder, split, index, wanted)});
  }
  for (const SyntheticSplit& one : results) {
    if (one.reused) continue;
    const fs::path unfinished = folder / (kUnfinished + one.split);
    fs::remove_all(unfinished);
    WriteImages(unfinished, one.split, options, step);
    // The index first: an entry without the folder has no effect.
    index["splits"][one.split] = Description(one.split, options);
    WriteFileDurably(folder / kIndex, index.dump(2) + "\n");
    fs::rename(unfinished, folder / one.split);
    SyncFolder(folder);
  }
  return results;
}

}  // namespace tint

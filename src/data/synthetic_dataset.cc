#include "tint/data/synthetic_dataset.h"

#include <algorithm>
#include <fstream>
#include <mutex>

#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"
#include "tint/base/workers.h"
#include "tint/image/image.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kVersion = 1;  // of what the images look like
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

// True when the split is there as wanted; what else stands under its name is not touched.
bool IsDrawn(const fs::path& folder, const std::string& split, const Json& index, const Json& wanted) {
  std::error_code ignored;
  if (!fs::exists(folder / split, ignored)) return false;
  const auto found = index.at("splits").find(split);
  if (found != index.at("splits").end() && *found == wanted) return true;
  Fail(ExitCode::kBadInput, {.file = folder / split,
                             .found = found == index.at("splits").end() ? "is there, and not of this world"
                                                                        : "was drawn with " + found->dump(),
                             .expected = wanted.dump() + ", or a free place",
                             .remedy = "Draw into another folder, or remove this one."});
}

std::string FileName(const std::string& class_name, int64_t index) {
  const std::string number = std::to_string(index);
  return class_name + "_" + std::string(5 - std::min<size_t>(5, number.size()), '0') + number + ".png";
}

// Not fsynced one by one: the folder gets its name when all is written, and drawn again it is the same.
void WritePlainly(const fs::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (!stream)
    Fail(ExitCode::kInputOutput, {.file = file, .found = "cannot be written", .expected = "room on the disk"});
}

void Draw(const fs::path& folder, const std::string& split, const SyntheticDatasetOptions& options,
          const std::function<void()>& step) {
  const std::vector<SyntheticClass>& classes = SyntheticClasses(split);
  std::mutex mutex;
  for (const SyntheticClass& one : classes) CreateFoldersDurably(folder / one.Name());
  ForEach(static_cast<int64_t>(classes.size()) * options.per_class, 0, [&](int64_t k) {
    const int64_t class_idx = k / options.per_class, index = k % options.per_class;
    const std::string name = classes[static_cast<size_t>(class_idx)].Name();
    WritePlainly(folder / name / FileName(name, index),
                 EncodePng(DrawImage(split, class_idx, index, options.seed, options.side)));
    const std::lock_guard<std::mutex> lock(mutex);
    if (step) step();
  });
}

}  // namespace

std::vector<SyntheticSplit> DrawWorld(const fs::path& folder, const SyntheticDatasetOptions& options,
                                      const std::function<void()>& step) {
  CreateFoldersDurably(folder);
  Json index = ReadIndex(folder);
  std::vector<SyntheticSplit> results;
  for (const std::string& split : options.splits) {
    const auto classes = static_cast<int64_t>(SyntheticClasses(split).size());
    const Json wanted = Description(split, options);
    results.push_back({split, classes, classes * options.per_class, IsDrawn(folder, split, index, wanted)});
  }
  for (const SyntheticSplit& one : results) {
    if (one.reused) continue;
    const fs::path unfinished = folder / (kUnfinished + one.split);
    fs::remove_all(unfinished);
    Draw(unfinished, one.split, options, step);
    // The index first: without the folder it says nothing.
    index["splits"][one.split] = Description(one.split, options);
    WriteFileDurably(folder / kIndex, index.dump(2) + "\n");
    fs::rename(unfinished, folder / one.split);
    SyncFolder(folder);
  }
  return results;
}

}  // namespace tint

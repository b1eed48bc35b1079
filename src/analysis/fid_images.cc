// SPDX-License-Identifier: Apache-2.0
// Opens the images to compare: a data set, folders, generated images of a run.

#include <algorithm>
#include <map>
#include <mutex>

#include "tint/analysis/fid.h"
#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/generated_images.h"
#include "tint/artifacts/run_folder.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/text.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxImageBytes = 200ull << 20;  // as DecodeRules

[[noreturn]] void FailUnlisted(const std::string& place, const std::string& class_name, const std::string& file) {
  Fail(ExitCode::kBadInput,
       {.file = place, .found = "no image " + Quote(class_name + "/" + file), .expected = "a listed image"});
}

// The shards of one generate result.
class GeneratedSource : public ImageSource {
 public:
  explicit GeneratedSource(CompletedStage stage) : stage_(std::move(stage)) {
    for (const GeneratedClass& one : GeneratedImages::Read(stage_).classes) {
      ClassShards& shards = shards_[one.name];
      shards.names.insert(shards.names.end(), one.shards.begin(), one.shards.end());
      for (const GeneratedImage& image : one.images) shards.files.push_back(image.file);
    }
    for (const auto& [name, shards] : shards_) classes_.push_back(name);
  }

  const std::vector<std::string>& Classes() const override { return classes_; }
  const std::vector<std::string>& Files(const std::string& class_name) const override {
    return Find(class_name, "").files;
  }
  std::string Describe(const std::string& class_name, const std::string& file) const override {
    return stage_.folder() / (class_name + "/" + file);
  }
  std::string ReadBytes(const std::string& class_name, const std::string& file) const override {
    const ClassShards& shards = Find(class_name, file);
    const auto place = std::find(shards.files.begin(), shards.files.end(), file) - shards.files.begin();
    const size_t shard_idx = static_cast<size_t>(place) / kImagesPerShard;
    if (shard_idx >= shards.names.size()) FailUnlisted(stage_.folder(), class_name, file);
    const auto entries = Shard(shards.names[shard_idx]);
    for (const ShardEntry& entry : *entries) {
      if (entry.name == file) return entry.bytes;
    }
    FailUnlisted(stage_.folder(), class_name, file);
  }

 private:
  struct ClassShards {
    std::vector<std::string> names, files;
  };
  using Entries = std::shared_ptr<const std::vector<ShardEntry>>;

  const ClassShards& Find(const std::string& class_name, const std::string& file) const {
    const auto found = shards_.find(class_name);
    if (found == shards_.end()) FailUnlisted(stage_.folder(), class_name, file);
    return found->second;
  }
  // Images are read in order, so only the last shard is cached.
  Entries Shard(const std::string& name) const {
    const std::lock_guard lock(mutex_);
    if (last_name_ != name) {
      last_ = std::make_shared<const std::vector<ShardEntry>>(ReadGeneratedShard(stage_, name));
      last_name_ = name;
    }
    return last_;
  }

  CompletedStage stage_;
  std::map<std::string, ClassShards> shards_;
  std::vector<std::string> classes_;
  mutable std::mutex mutex_;
  mutable std::string last_name_;
  mutable Entries last_;
};

// Images directly in a folder.
class FlatSource : public ImageSource {
 public:
  FlatSource(fs::path folder, std::vector<std::string> files) : folder_(std::move(folder)), files_(std::move(files)) {}

  const std::vector<std::string>& Classes() const override { return classes_; }
  const std::vector<std::string>& Files(const std::string&) const override { return files_; }
  std::string Describe(const std::string&, const std::string& file) const override { return folder_ / file; }
  bool is_folder() const override { return true; }
  std::string ReadBytes(const std::string& class_name, const std::string& file) const override {
    if (!std::binary_search(files_.begin(), files_.end(), file)) FailUnlisted(folder_, class_name, file);
    return ReadFile(folder_ / file, kMaxImageBytes);
  }

 private:
  fs::path folder_;
  std::vector<std::string> classes_ = {""};
  std::vector<std::string> files_;
};

// The class folders in it, or the images themselves if it has none.
std::shared_ptr<ImageSource> OpenFolderOfImages(const fs::path& folder) {
  std::vector<std::string> files;
  bool folders = false;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(".")) continue;
    folders = folders || entry.is_directory();
    if (entry.is_regular_file()) files.push_back(name);
  }
  if (folders || files.empty()) return OpenClassFolders(folder);
  std::sort(files.begin(), files.end());
  return std::make_shared<FlatSource>(folder, std::move(files));
}

std::shared_ptr<ImageSource> OpenGenerated(const fs::path& folder) {
  auto stage = CompletedStage::Open(folder);
  if (!stage || stage->components().value("stage", "") != "generate")
    Fail(ExitCode::kMissingInput, {.file = folder.string(),
                                   .field = "generate",
                                   .found = stage ? "the result of another stage" : "no finished result",
                                   .expected = "the folder of a generate result"});
  return std::make_shared<GeneratedSource>(std::move(*stage));
}

std::vector<ImageGroup> OpenRun(const fs::path& folder) {
  std::map<uint64_t, fs::path> results;
  for (const RunFolder::Entry& entry : RunFolder::Open(folder).Entries()) {
    if (entry.stage != "generate" || !entry.complete) continue;
    const auto [earlier, is_new] = results.try_emplace(entry.episode_idx, entry.folder);
    if (is_new) continue;
    Fail(ExitCode::kBadInput, {.file = folder.string(),
                               .field = "generate",
                               .found = "two results of the same episode: " + Quote(earlier->second.string()) +
                                        " and " + Quote(entry.folder.string()),
                               .expected = "one",
                               .remedy = "Give the folder of one result instead of the run."});
  }
  std::vector<ImageGroup> groups;
  for (const auto& [episode_idx, path] : results) {
    const bool own = episode_idx == kSupportEpisode;
    groups.push_back({own ? "support" : "episode " + std::to_string(episode_idx), OpenGenerated(path)});
  }
  if (groups.empty())
    Fail(ExitCode::kMissingInput, {.file = folder.string(),
                                   .field = "generate",
                                   .found = "no generated images",
                                   .expected = "a run with a finished generate stage"});
  return groups;
}

}  // namespace

ImageSet OpenImages(const std::string& text) {
  ImageSet set{.name = text};
  const size_t colon = text.find(':');
  if (colon != std::string::npos && text.find('/') == std::string::npos && !fs::exists(text)) {
    const std::string dataset = text.substr(0, colon);
    set.groups.push_back({"", OpenSplit(DataRoot(), dataset, text.substr(colon + 1))});
    set.image_size = InfoOfDataset(dataset).image_size;
    return set;
  }
  if (text.ends_with(".npz") && fs::is_regular_file(text)) {
    set.statistics_file = text;
    return set;
  }
  if (!fs::is_directory(text))
    Fail(ExitCode::kMissingInput, {.file = text,
                                   .found = fs::exists(text) ? "is a file" : "does not exist",
                                   .expected = "a folder of images or of class folders, a generate result, a run, "
                                               "statistics (.npz), or DATASET:SPLIT"});
  if (IsRunFolder(text)) {
    set.groups = OpenRun(text);
  } else if (StateOfResult(text) == ResultState::kComplete) {
    set.groups.push_back({"", OpenGenerated(fs::canonical(text))});
  } else {
    set.groups.push_back({"", OpenFolderOfImages(text)});
  }
  return set;
}

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#include "tint/data/dataset_check.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "dataset_formats.h"
#include "known_splits.h"
#include "tint/base/error.h"
#include "tint/base/parallel.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/dataset.h"
#include "tint/data/loader.h"
#include "tint/data/near_duplicates.h"
#include "tint/image/decode.h"
#include "tint/image/pixels.h"

namespace tint {
namespace {

// What is recorded of an image.
struct ImageRecord {
  bool decoded = false;
  std::string reason;  // if not decoded
  std::string format, size, pixel_sha256;
  uint64_t difference_hash = 0;
  std::vector<std::string> warnings;
};

ImageRecord Inspect(const ImageSource& source, const NamedFile& file) {
  ImageRecord record;
  try {
    const DecodedImage image = source.Decode(file.class_name, file.file);
    record.format = image.format;
    record.size = std::to_string(image.pixels.size(2)) + "x" + std::to_string(image.pixels.size(1));
    record.pixel_sha256 = image.pixel_sha256;
    record.difference_hash = DifferenceHash(image.pixels);
    record.warnings = image.warnings;
    record.decoded = true;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    record.reason = error.what();
  }
  return record;
}

std::vector<ImageRecord> InspectAll(const ImageSource& source, const std::vector<NamedFile>& files,
                                    const std::string& split) {
  std::vector<ImageRecord> all(files.size());
  Progress progress("dataset check " + split, "images", static_cast<int64_t>(files.size()));
  std::mutex mutex;
  ParallelFor(static_cast<int64_t>(files.size()), 0, [&](int64_t i) {
    ThrowIfStopRequested();
    ThrowIfStopRequested();
    all[i] = Inspect(source, files[i]);
    const std::lock_guard<std::mutex> lock(mutex);
    progress.Advance();
  });
  return all;
}

// Hashes of the images that decode, to find duplicates and near-duplicates.
struct Hashes {
  std::vector<std::string> names;  // "<split>/<class>/<file>"
  std::vector<uint64_t> hashes;
  std::vector<std::string> pixels;  // SHA-256

  void Add(const std::string& name, const ImageRecord& record) {
    names.push_back(name);
    hashes.push_back(record.difference_hash);
    pixels.push_back(record.pixel_sha256);
  }
};

// Counts the near-duplicate pairs and lists the closest. The same object twice: the pairs in it.
void FindNear(const Hashes& a, const Hashes& b, int64_t* count, std::vector<NearPair>* listed) {
  std::array<std::vector<NearPair>, kNearBits + 1> by_distance;
  VisitNearHashes(a.hashes, b.hashes, kNearBits, [&](const NearDuplicate& pair) {
    if (a.pixels[pair.a] == b.pixels[pair.b]) return;  // reported as duplicates
    ++*count;
    std::vector<NearPair>& same_distance = by_distance[pair.distance];
    if (same_distance.size() < kMaxNearPairs)
      same_distance.push_back({a.names[pair.a], b.names[pair.b], pair.distance});
  });
  for (const std::vector<NearPair>& pairs : by_distance) listed->insert(listed->end(), pairs.begin(), pairs.end());
  if (listed->size() > kMaxNearPairs) listed->resize(kMaxNearPairs);
}

class Checker {
 public:
  Checker(const std::filesystem::path& root, const std::string& dataset) : root_(root) { report_.dataset = dataset; }
  void CheckSplit(const std::string& split);
  DatasetReport Finish();

 private:
  void Tally(const std::string& name, const ImageRecord& record, SplitReport* split);
  void CompareSplits();
  void Deviate(const std::string& sentence) { report_.deviations.push_back(sentence); }

  std::filesystem::path root_;
  DatasetReport report_;
  struct First {
    std::string split, name;
  };
  std::unordered_map<std::string, First> first_;  // pixel hash -> its first image
  std::map<std::string, std::vector<std::string>> splits_of_class_;
  std::deque<Hashes> hashes_;  // of each split of the report
};

void Checker::Tally(const std::string& name, const ImageRecord& record, SplitReport* split) {
  if (!record.decoded) {
    split->undecodable.emplace_back(name, record.reason);
    return;
  }
  ++split->formats[record.format];
  ++split->sizes[record.size];
  for (const std::string& warning : record.warnings) ++split->warnings[warning];
  const auto [earlier, is_new] = first_.emplace(record.pixel_sha256, First{split->split, name});
  if (is_new) return;
  const bool same_split = earlier->second.split == split->split;
  (same_split ? split->duplicates : report_.across_splits).emplace_back(earlier->second.name, name);
}

void Checker::CheckSplit(const std::string& split) {
  const std::unique_ptr<ImageSource> source = OpenSplit(root_, report_.dataset, split);
  SplitReport result;
  result.split = split;
  result.classes = static_cast<int64_t>(source->Classes().size());
  std::vector<NamedFile> files;
  for (const std::string& name : source->Classes()) {
    const std::vector<std::string>& own = source->Files(name);
    const auto count = static_cast<int64_t>(own.size());
    result.fewest_in_class = files.empty() ? count : std::min(result.fewest_in_class, count);
    result.most_in_class = std::max(result.most_in_class, count);
    result.class_counts[name] = count;
    for (const std::string& file : own) files.push_back({name, file});
    splits_of_class_[name].push_back(split);
  }
  result.images = static_cast<int64_t>(files.size());
  const std::vector<ImageRecord> all = InspectAll(*source, files, split);
  Hashes& hashes = hashes_.emplace_back();
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string name = split + "/" + files[i].class_name + "/" + files[i].file;
    Tally(name, all[i], &result);
    if (all[i].decoded) hashes.Add(name, all[i]);
  }
  FindNear(hashes, hashes, &result.near_duplicates, &result.near_pairs);
  result.content_sha256 = source->ContentSha256();
  report_.splits.push_back(std::move(result));
}

void Checker::CompareSplits() {
  for (size_t a = 0; a < hashes_.size(); ++a) {
    for (size_t b = a + 1; b < hashes_.size(); ++b) {
      NearSplits& near = report_.near_splits.emplace_back();
      near.first = report_.splits[a].split;
      near.second = report_.splits[b].split;
      FindNear(hashes_[a], hashes_[b], &near.near_duplicates, &near.near_pairs);
    }
  }
}

DatasetReport Checker::Finish() {
  CompareSplits();
  const bool listed = internal::IsCub(report_.dataset) && internal::HasCubLists(root_ / "cub");
  for (const std::string& sentence : internal::PublishedDeviations(report_, listed)) Deviate(sentence);
  for (const auto& [name, splits] : splits_of_class_) {
    if (splits.size() < 2) continue;
    report_.shared_classes.push_back(name);
    Deviate("class " + Quote(name) + " is in " + Join(splits, " and "));
  }
  for (const SplitReport& split : report_.splits) {
    if (!split.undecodable.empty()) {
      Deviate(split.split + ": " + std::to_string(split.undecodable.size()) + " images do not decode");
    }
    if (!split.duplicates.empty()) {
      Deviate(split.split + ": " + std::to_string(split.duplicates.size()) + " images appear twice");
    }
  }
  if (!report_.across_splits.empty()) {
    Deviate(std::to_string(report_.across_splits.size()) + " images are in two splits");
  }
  return std::move(report_);
}

}  // namespace

DatasetReport CheckDataset(const std::filesystem::path& data_root, const std::string& dataset) {
  Checker checker(data_root, dataset);
  const std::vector<std::string> splits = internal::SplitsOf(data_root, dataset);
  if (splits.empty()) checker.CheckSplit("train");  // fails with what is missing, and where
  for (const std::string& split : splits) checker.CheckSplit(split);
  return checker.Finish();
}

}  // namespace tint

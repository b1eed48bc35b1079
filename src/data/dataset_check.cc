#include "tint/data/dataset_check.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <unordered_map>

#include "dataset_formats.h"
#include "known_splits.h"
#include "tint/base/error.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/base/workers.h"
#include "tint/data/dataset.h"
#include "tint/data/loader.h"
#include "tint/data/near_duplicates.h"
#include "tint/image/image.h"

namespace tint {
namespace {

// What is kept of a decoded image.
struct Seen {
  bool decoded = false;
  std::string reason;  // if not decoded
  std::string format, size, pixel_sha256;
  uint64_t difference_hash = 0;
  std::vector<std::string> warnings;
};

Seen Look(const ImageSource& source, const NamedFile& file) {
  Seen seen;
  try {
    const Image image = source.Decode(file.class_name, file.file);
    seen.format = image.format;
    seen.size = std::to_string(image.pixels.size(2)) + "x" + std::to_string(image.pixels.size(1));
    seen.pixel_sha256 = image.pixel_sha256;
    seen.difference_hash = DifferenceHash(image.pixels);
    seen.warnings = image.warnings;
    seen.decoded = true;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    seen.reason = error.what();
  }
  return seen;
}

std::vector<Seen> LookAtAll(const ImageSource& source, const std::vector<NamedFile>& files, const std::string& split) {
  std::vector<Seen> all(files.size());
  Progress progress("dataset check " + split, "images", static_cast<int64_t>(files.size()));
  std::mutex mutex;
  ForEach(static_cast<int64_t>(files.size()), 0, [&](int64_t i) {
    ThrowIfStopRequested();
    all[i] = Look(source, files[i]);
    const std::lock_guard<std::mutex> lock(mutex);
    progress.Advance();
  });
  return all;
}

// What near-duplicates are found by: of the images that decode.
struct Hashes {
  std::vector<std::string> names;  // "<split>/<class>/<file>"
  std::vector<uint64_t> hashes;
  std::vector<std::string> pixels;  // SHA-256

  void Add(const std::string& name, const Seen& seen) {
    names.push_back(name);
    hashes.push_back(seen.difference_hash);
    pixels.push_back(seen.pixel_sha256);
  }
};

// Counts the near pairs and lists the nearest. The same object twice: the pairs in it.
void FindNear(const Hashes& a, const Hashes& b, int64_t* count, std::vector<NearPair>* listed) {
  std::array<std::vector<NearPair>, kNearBits + 1> by_distance;
  VisitNearHashes(a.hashes, b.hashes, kNearBits, [&](const NearDuplicate& pair) {
    if (a.pixels[pair.a] == b.pixels[pair.b]) return;  // told as duplicates
    ++*count;
    std::vector<NearPair>& as_near = by_distance[pair.distance];
    if (as_near.size() < kMostNearPairs) as_near.push_back({a.names[pair.a], b.names[pair.b], pair.distance});
  });
  for (const std::vector<NearPair>& pairs : by_distance) listed->insert(listed->end(), pairs.begin(), pairs.end());
  if (listed->size() > kMostNearPairs) listed->resize(kMostNearPairs);
}

class Checker {
 public:
  Checker(const std::filesystem::path& root, const std::string& dataset) : root_(root) { report_.dataset = dataset; }
  void CheckSplit(const std::string& split);
  DatasetReport Finish();

 private:
  void Tally(const std::string& name, const Seen& seen, SplitReport* split);
  void CompareSplits();
  void Deviate(const std::string& sentence) { report_.deviations.push_back(sentence); }

  std::filesystem::path root_;
  DatasetReport report_;
  struct First {
    std::string split, name;
  };
  std::unordered_map<std::string, First> first_;           // pixel hash -> where it was seen first
  std::map<std::string, std::vector<std::string>> homes_;  // class -> its splits
  std::deque<Hashes> hashes_;                              // of each split of the report
};

void Checker::Tally(const std::string& name, const Seen& seen, SplitReport* split) {
  if (!seen.decoded) {
    split->undecodable.emplace_back(name, seen.reason);
    return;
  }
  ++split->formats[seen.format];
  ++split->sizes[seen.size];
  for (const std::string& warning : seen.warnings) ++split->warnings[warning];
  const auto [earlier, is_new] = first_.emplace(seen.pixel_sha256, First{split->split, name});
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
    homes_[name].push_back(split);
  }
  result.images = static_cast<int64_t>(files.size());
  const std::vector<Seen> all = LookAtAll(*source, files, split);
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
  for (const auto& [name, splits] : homes_) {
    if (splits.size() < 2) continue;
    report_.shared_classes.push_back(name);
    Deviate("class " + Quote(name) + " stands in " + Join(splits, " and "));
  }
  for (const SplitReport& split : report_.splits) {
    if (!split.undecodable.empty()) {
      Deviate(split.split + ": " + std::to_string(split.undecodable.size()) + " images do not decode");
    }
    if (!split.duplicates.empty()) {
      Deviate(split.split + ": " + std::to_string(split.duplicates.size()) + " images stand there twice");
    }
  }
  if (!report_.across_splits.empty()) {
    Deviate(std::to_string(report_.across_splits.size()) + " images stand in two splits");
  }
  return std::move(report_);
}

}  // namespace

DatasetReport CheckDataset(const std::filesystem::path& data_root, const std::string& dataset) {
  Checker checker(data_root, dataset);
  const std::vector<std::string> splits = internal::SplitsOf(data_root, dataset);
  if (splits.empty()) checker.CheckSplit("train");  // says what is missing, and where
  for (const std::string& split : splits) checker.CheckSplit(split);
  return checker.Finish();
}

}  // namespace tint

#include "tint/data/dataset_check.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "forms.h"
#include "tint/base/error.h"
#include "tint/base/progress.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/dataset.h"
#include "tint/data/loader.h"
#include "tint/data/near_duplicates.h"
#include "tint/image/picture.h"
#include "workers.h"

namespace tint {
namespace {

constexpr int64_t kMiniImages = 600;  // in each class of miniImageNet

// What is kept of a decoded picture.
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
    const Picture picture = source.Decode(file.class_name, file.file);
    seen.format = picture.format;
    seen.size = std::to_string(picture.pixels.size(2)) + "x" + std::to_string(picture.pixels.size(1));
    seen.pixel_sha256 = picture.pixel_sha256;
    seen.difference_hash = DifferenceHash(picture.pixels);
    seen.warnings = picture.warnings;
    seen.decoded = true;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kBadInput) throw;
    seen.reason = error.what();
  }
  return seen;
}

std::vector<Seen> LookAtAll(const ImageSource& source, const std::vector<NamedFile>& files, const std::string& split) {
  std::vector<Seen> all(files.size());
  Progress progress("dataset check " + split, "pictures", static_cast<int64_t>(files.size()));
  std::mutex mutex;
  internal::ForEach(static_cast<int64_t>(files.size()), 0, [&](int64_t i) {
    ThrowIfStopRequested();
    all[i] = Look(source, files[i]);
    const std::lock_guard<std::mutex> lock(mutex);
    progress.Advance();
  });
  return all;
}

int64_t CountNear(const std::vector<Seen>& all) {
  std::vector<const Seen*> decoded;
  for (const Seen& seen : all) {
    if (seen.decoded) decoded.push_back(&seen);
  }
  std::vector<uint64_t> hashes;
  for (const Seen* seen : decoded) hashes.push_back(seen->difference_hash);
  int64_t pairs = 0;
  VisitNearHashes(hashes, hashes, kNearBits, [&](const NearDuplicate& pair) {
    if (decoded[pair.a]->pixel_sha256 != decoded[pair.b]->pixel_sha256) ++pairs;
  });
  return pairs;
}

class Checker {
 public:
  Checker(const std::filesystem::path& root, const std::string& dataset) : root_(root) { report_.dataset = dataset; }
  void CheckSplit(const std::string& split);
  DatasetReport Finish();

 private:
  void Tally(const std::string& name, const Seen& seen, SplitReport* split);
  void ExpectMini(const std::string& split, const ImageSource& source);
  void Deviate(const std::string& sentence) { report_.deviations.push_back(sentence); }

  std::filesystem::path root_;
  DatasetReport report_;
  struct First {
    std::string split, name;
  };
  std::unordered_map<std::string, First> first_;           // pixel hash -> where it was seen first
  std::map<std::string, std::vector<std::string>> homes_;  // class -> its splits
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

void Checker::ExpectMini(const std::string& split, const ImageSource& source) {
  const std::map<std::string, int64_t> expected = {{"train", 64}, {"val", 16}, {"test", 20}};
  const auto classes = static_cast<int64_t>(source.Classes().size());
  if (classes != expected.at(split)) {
    Deviate(split + " has " + std::to_string(classes) + " classes, not " + std::to_string(expected.at(split)));
  }
  for (const std::string& name : source.Classes()) {
    const auto images = static_cast<int64_t>(source.Files(name).size());
    if (images == kMiniImages) continue;
    Deviate(split + "/" + name + " has " + std::to_string(images) + " pictures, not " + std::to_string(kMiniImages));
  }
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
    for (const std::string& file : own) files.push_back({name, file});
    homes_[name].push_back(split);
  }
  result.images = static_cast<int64_t>(files.size());
  const std::vector<Seen> all = LookAtAll(*source, files, split);
  for (size_t i = 0; i < files.size(); ++i) {
    Tally(split + "/" + files[i].class_name + "/" + files[i].file, all[i], &result);
  }
  result.near_duplicates = CountNear(all);
  result.content_sha256 = source->ContentSha256();
  if (report_.dataset == "miniimagenet") ExpectMini(split, *source);
  report_.splits.push_back(std::move(result));
}

DatasetReport Checker::Finish() {
  if (report_.dataset == "miniimagenet" && report_.splits.size() != 3) {
    Deviate("of train, val and test, " + std::to_string(report_.splits.size()) + " are there");
  }
  for (const auto& [name, splits] : homes_) {
    if (splits.size() < 2) continue;
    report_.shared_classes.push_back(name);
    Deviate("class " + Quote(name) + " stands in " + Join(splits, " and "));
  }
  for (const SplitReport& split : report_.splits) {
    if (!split.undecodable.empty()) {
      Deviate(split.split + ": " + std::to_string(split.undecodable.size()) + " pictures do not decode");
    }
    if (!split.duplicates.empty()) {
      Deviate(split.split + ": " + std::to_string(split.duplicates.size()) + " pictures stand there twice");
    }
  }
  if (!report_.across_splits.empty()) {
    Deviate(std::to_string(report_.across_splits.size()) + " pictures stand in two splits");
  }
  return std::move(report_);
}

Json PairsToJson(const std::vector<PicturePair>& pairs) {
  Json list = Json::array();
  for (const auto& [first, second] : pairs) list.push_back({first, second});
  return list;
}

Json ToJson(const SplitReport& split) {
  Json undecodable = Json::array();
  for (const auto& [file, reason] : split.undecodable) undecodable.push_back({{"file", file}, {"reason", reason}});
  const bool counted = split.near_duplicates >= 0;
  return {{"split", split.split},
          {"classes", split.classes},
          {"images", split.images},
          {"fewest_in_class", split.fewest_in_class},
          {"most_in_class", split.most_in_class},
          {"formats", split.formats},
          {"sizes", split.sizes},
          {"warnings", split.warnings},
          {"undecodable", undecodable},
          {"duplicates", PairsToJson(split.duplicates)},
          {"near_duplicates", counted ? Json(split.near_duplicates) : Json(nullptr)},
          {"content_sha256", split.content_sha256}};
}

}  // namespace

DatasetReport CheckDataset(const std::filesystem::path& data_root, const std::string& dataset) {
  Checker checker(data_root, dataset);
  const std::vector<std::string> splits = internal::SplitsOf(data_root, dataset);
  if (splits.empty()) checker.CheckSplit("train");  // says what is missing, and where
  for (const std::string& split : splits) checker.CheckSplit(split);
  return checker.Finish();
}

Json ToJson(const DatasetReport& report) {
  Json splits = Json::array();
  for (const SplitReport& split : report.splits) splits.push_back(ToJson(split));
  return {{"dataset", report.dataset},
          {"splits", splits},
          {"across_splits", PairsToJson(report.across_splits)},
          {"shared_classes", report.shared_classes},
          {"deviations", report.deviations}};
}

}  // namespace tint

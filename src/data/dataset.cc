#include "tint/data/dataset.h"

#include <algorithm>
#include <cstdlib>

#include "listed_source.h"
#include "tint/base/error.h"
#include "tint/base/sha256.h"
#include "tint/base/text.h"
#include "tint/data/names.h"
#include "workers.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

constexpr char kLayout[] =
    "Put SPLIT.zip (entries SPLIT/CLASS/FILE) or folders SPLIT/CLASS with the pictures there, for SPLIT train, val, "
    "test";

std::vector<std::string> DatasetsIn(const fs::path& root) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    if (!internal::SplitsIn(at->path()).empty()) names.push_back(at->path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void RequirePlainName(const std::string& name, const std::string& field) {
  const std::string why = WhyBadName(name);
  if (why.empty()) return;
  Fail(ExitCode::kUsage, {.field = field,
                          .found = "the name " + Quote(name) + " " + why,
                          .expected = "a name such as miniimagenet, test"});
}

}  // namespace

DatasetFacts FactsOfDataset(const std::string& name) {
  DatasetFacts facts;
  facts.name = name;
  if (name == "cifar-fs") {  // the statistics of the RFS family, S22
    facts.image_size = 32;
    facts.mean = {0.5071, 0.4867, 0.4408};
    facts.std = {0.2675, 0.2565, 0.2761};
    return facts;
  }
  if (name == "miniimagenet" || name == "folder") return facts;
  RequirePlainName(name, "dataset");
  std::vector<std::string> known = {"miniimagenet", "cifar-fs"};
  const char* root = std::getenv("TINT_DATA");
  if (root != nullptr && *root != '\0') {
    if (!internal::SplitsIn(fs::path(root) / name).empty()) return facts;
    for (const std::string& found : DatasetsIn(root)) {
      if (std::count(known.begin(), known.end(), found) == 0) known.push_back(found);
    }
  }
  Fail(ExitCode::kUsage,
       {.field = "dataset",
        .found = "the data set " + Quote(name) + " is not known",
        .expected = "one of " + Join(known, ", ") + ", or a folder below TINT_DATA with train, val or test in it",
        .remedy = DidYouMean(name, known)});
}

fs::path DataRoot() {
  const char* root = std::getenv("TINT_DATA");
  if (root != nullptr && *root != '\0') return root;
  Fail(ExitCode::kMissingInput, {.field = "TINT_DATA",
                                 .found = "is not set",
                                 .expected = "the folder that holds the data sets (TINT_DATA/miniimagenet/test.zip)",
                                 .remedy = "Set it, or give photos of your own with --support DIR"});
}

std::unique_ptr<ImageSource> OpenSplit(const fs::path& data_root, const std::string& dataset,
                                       const std::string& split) {
  RequirePlainName(dataset, "dataset");
  RequirePlainName(split, "split");
  std::error_code ignored;
  if (!fs::is_directory(data_root, ignored)) {
    Fail(ExitCode::kMissingInput, {.file = data_root,
                                   .found = "is no folder",
                                   .expected = "the folder that holds the data sets",
                                   .remedy = "Set TINT_DATA to it"});
  }
  const fs::path folder = data_root / dataset;
  if (!fs::is_directory(folder, ignored)) {
    const std::string near = DidYouMean(dataset, DatasetsIn(data_root));
    Fail(ExitCode::kMissingInput, {.file = folder,
                                   .found = "is not there",
                                   .expected = "the folder of the data set " + Quote(dataset),
                                   .remedy = near.empty() ? kLayout : near});
  }
  const fs::path archive = folder / (split + ".zip");
  if (fs::exists(archive, ignored)) return internal::OpenZip(archive, split);
  if (fs::is_directory(folder / split, ignored)) return internal::OpenFolder(folder / split);
  const std::vector<std::string> splits = internal::SplitsIn(folder);
  Fail(ExitCode::kMissingInput,
       {.file = folder,
        .field = "split",
        .found = "holds neither " + Quote(split + ".zip") + " nor a folder " + Quote(split),
        .expected = splits.empty() ? "" : "one of the splits that are there: " + Join(splits, ", "),
        .remedy = splits.empty() ? kLayout : DidYouMean(split, splits)});
}

std::unique_ptr<ImageSource> OpenClassFolders(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return internal::OpenFolder(folder);
  const bool there = fs::exists(folder, ignored);
  Fail(there ? ExitCode::kBadInput : ExitCode::kMissingInput,
       {.file = folder,
        .found = there ? "is no folder" : "is not there",
        .expected = "a folder with a folder of photos per class"});
}

std::string ImageSource::ContentSha256() const {
  std::call_once(content_hashed_, [this] {
    struct Item {
      const std::string* class_name;
      const std::string* file;
    };
    std::vector<Item> items;
    for (const std::string& class_name : Classes()) {
      for (const std::string& file : Files(class_name)) items.push_back({&class_name, &file});
    }
    std::vector<std::string> lines(items.size());
    internal::ForEach(static_cast<int64_t>(items.size()), 0, [&](int64_t i) {
      const auto& [class_name, file] = items[i];
      lines[i] = *class_name + "/" + *file + " " + Sha256Hex(ReadBytes(*class_name, *file)) + "\n";
    });
    // Not the order of classes: "a-b/" stands before "a/".
    std::sort(lines.begin(), lines.end());
    Sha256 hash;
    for (const std::string& line : lines) hash.Update(line);
    content_sha256_ = hash.Hex();
  });
  return content_sha256_;
}

namespace internal {

std::vector<std::string> SplitsIn(const fs::path& folder) {
  std::vector<std::string> splits;
  std::error_code ignored;
  for (const std::string split : {"train", "val", "test"}) {
    if (fs::is_regular_file(folder / (split + ".zip"), ignored) || fs::is_directory(folder / split, ignored)) {
      splits.push_back(split);
    }
  }
  return splits;
}

ListedSource::ListedSource(fs::path place, const Listing& listing) : place_(std::move(place)) {
  for (const auto& [class_name, files] : listing) {
    classes_.push_back(class_name);
    ClassFiles& own = files_[class_name];
    for (const auto& [file, number] : files) {
      own.files.push_back(file);
      own.numbers.push_back(number);
    }
  }
}

const ListedSource::ClassFiles& ListedSource::FindClass(const std::string& class_name) const {
  const auto found = files_.find(class_name);
  if (found != files_.end()) return found->second;
  Fail(ExitCode::kBadInput, {.file = place_,
                             .found = "there is no class " + Quote(class_name),
                             .expected = "one of its " + std::to_string(classes_.size()) + " classes",
                             .remedy = DidYouMean(class_name, classes_)});
}

const std::vector<std::string>& ListedSource::Files(const std::string& class_name) const {
  return FindClass(class_name).files;
}

uint64_t ListedSource::Find(const std::string& class_name, const std::string& file) const {
  const ClassFiles& found = FindClass(class_name);
  const auto at = std::lower_bound(found.files.begin(), found.files.end(), file);
  if (at != found.files.end() && *at == file) return found.numbers[at - found.files.begin()];
  Fail(ExitCode::kBadInput, {.file = place_,
                             .found = "class " + Quote(class_name) + " has no file " + Quote(file),
                             .expected = "one of its " + std::to_string(found.files.size()) + " files",
                             .remedy = DidYouMean(file, found.files)});
}

}  // namespace internal
}  // namespace tint

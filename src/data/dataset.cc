// SPDX-License-Identifier: Apache-2.0
#include "tint/data/dataset.h"

#include <algorithm>
#include <cstdlib>

#include "dataset_formats.h"
#include "listed_source.h"
#include "tint/base/error.h"
#include "tint/base/file.h"
#include "tint/base/json.h"
#include "tint/base/parallel.h"
#include "tint/base/sha256.h"
#include "tint/base/stop.h"
#include "tint/base/text.h"
#include "tint/data/names.h"

namespace tint {
namespace {

namespace fs = std::filesystem;

// How to install a data set.
std::string LayoutHint(const std::string& dataset) {
  if (internal::IsCub(dataset)) {
    return "Unpack CUB_200_2011.tgz of https://www.vision.caltech.edu/datasets/cub_200_2011/ below TINT_DATA, as cub "
           "or "
           "CUB_200_2011";
  }
  if (dataset == "cifar-fs") {
    return "Put train.bin, test.bin and fine_label_names.txt of https://www.cs.toronto.edu/~kriz/cifar.html "
           "(cifar-100-binary.tar.gz) there, or folders SPLIT/CLASS with the images";
  }
  return "Put SPLIT.zip (entries SPLIT/CLASS/FILE), folders SPLIT/CLASS with the images, or SPLIT.csv "
         "(filename,label) and images/ there, for SPLIT train, val, test";
}

std::vector<std::string> DatasetsIn(const fs::path& root) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(root, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename();
    if (!internal::SplitsOf(root, name).empty()) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The image size that `tint dataset synthesize` recorded in `folder`, or `otherwise` if it wrote no data set there.
int64_t SyntheticSide(const fs::path& folder, int64_t otherwise) {
  const fs::path index = folder / "drawn.json";
  if (!fs::is_regular_file(index)) return otherwise;
  const Json json = Json::parse(ReadFile(index), nullptr, false);
  const Json splits = json.is_object() ? json.value("splits", Json::object()) : Json::object();
  for (const Json& split : splits) {
    const Json side = split.is_object() ? split.value("side", Json()) : Json();
    if (side.is_number_unsigned() && side.get<uint64_t>() >= 1 && side.get<uint64_t>() <= 1024) return side;
  }
  return otherwise;
}

void RequireValidName(const std::string& name, const std::string& field) {
  const std::string why = NameError(name);
  if (why.empty()) return;
  Fail(ExitCode::kUsage, {.field = field,
                          .found = "the name " + Quote(name) + " " + why,
                          .expected = "a name such as miniimagenet or test"});
}

}  // namespace

DatasetInfo InfoOfDataset(const std::string& name) {
  DatasetInfo info;
  info.name = name;
  if (name == "cifar-fs") {  // the statistics of the RFS family (arXiv 2003.11539)
    info.image_size = 32;
    info.mean = {0.5071, 0.4867, 0.4408};
    info.std = {0.2675, 0.2565, 0.2761};
    return info;
  }
  if (name == "miniimagenet" || name == "folder" || internal::IsCub(name)) return info;
  RequireValidName(name, "dataset");
  std::vector<std::string> known = {"miniimagenet", "cifar-fs", "cub", "cub-center", "cub-none"};
  const char* root = std::getenv("TINT_DATA");
  if (root != nullptr && *root != '\0') {
    if (!internal::SplitsOf(root, name).empty()) {
      info.image_size = SyntheticSide(fs::path(root) / name, info.image_size);
      return info;
    }
    for (const std::string& found : DatasetsIn(root)) {
      if (std::count(known.begin(), known.end(), found) == 0) known.push_back(found);
    }
  }
  Fail(ExitCode::kUsage,
       {.field = "dataset",
        .found = "unknown data set " + Quote(name),
        .expected = "one of " + Join(known, ", ") + ", or a folder below TINT_DATA with train, val or test in it",
        .remedy = DidYouMean(name, known)});
}

fs::path DataRoot() {
  const char* root = std::getenv("TINT_DATA");
  if (root != nullptr && *root != '\0') return root;
  Fail(ExitCode::kMissingInput, {.field = "TINT_DATA",
                                 .found = "is not set",
                                 .expected = "the folder that holds the data sets (TINT_DATA/miniimagenet/test.zip)",
                                 .remedy = "Set it, or give a custom image folder with --support DIR"});
}

namespace {

[[noreturn]] void FailMissing(const fs::path& data_root, const std::string& dataset, const std::string& split) {
  std::error_code ignored;
  const fs::path folder = data_root / dataset;
  if (!fs::is_directory(folder, ignored)) {
    const std::string near = DidYouMean(dataset, DatasetsIn(data_root));
    Fail(ExitCode::kMissingInput, {.file = folder,
                                   .found = "does not exist",
                                   .expected = "the folder of the data set " + Quote(dataset),
                                   .remedy = near.empty() ? LayoutHint(dataset) : near});
  }
  const std::vector<std::string> splits = internal::SplitsOf(data_root, dataset);
  Fail(ExitCode::kMissingInput, {.file = folder,
                                 .field = "split",
                                 .found = "contains neither " + Quote(split + ".zip") + " nor a folder " + Quote(split),
                                 .expected = splits.empty() ? "" : "one of the existing splits: " + Join(splits, ", "),
                                 .remedy = splits.empty() ? LayoutHint(dataset) : DidYouMean(split, splits)});
}

}  // namespace

std::unique_ptr<ImageSource> OpenSplit(const fs::path& data_root, const std::string& dataset,
                                       const std::string& split) {
  RequireValidName(dataset, "dataset");
  RequireValidName(split, "split");
  std::error_code ignored;
  if (!fs::is_directory(data_root, ignored)) {
    Fail(ExitCode::kMissingInput, {.file = data_root,
                                   .found = "is not a directory",
                                   .expected = "the folder that holds the data sets",
                                   .remedy = "Set TINT_DATA to it"});
  }
  const auto [format, path] = internal::FindSplit(data_root, dataset, split);
  switch (format) {
    case internal::DatasetFormat::kZip:
      return internal::OpenZip(path, split);
    case internal::DatasetFormat::kFolder:
      return internal::OpenFolder(path);
    case internal::DatasetFormat::kCub:
      return internal::OpenCub(path, data_root / "cub", dataset, split);
    case internal::DatasetFormat::kCifar:
      return internal::OpenCifar(path, split);
    case internal::DatasetFormat::kCsv:
      return internal::OpenCsv(path, dataset, split);
    case internal::DatasetFormat::kClassLists:
      return internal::OpenClassLists(path, data_root / dataset / "data");
    case internal::DatasetFormat::kNone:
      break;
  }
  FailMissing(data_root, dataset, split);
}

std::unique_ptr<ImageSource> OpenClassFolders(const fs::path& folder) {
  std::error_code ignored;
  if (fs::is_directory(folder, ignored)) return internal::OpenFolder(folder);
  const bool exists = fs::exists(folder, ignored);
  Fail(exists ? ExitCode::kBadInput : ExitCode::kMissingInput,
       {.file = folder,
        .found = exists ? "is not a directory" : "does not exist",
        .expected = "a folder with one folder of images per class"});
}

DecodedImage ImageSource::Decode(const std::string& class_name, const std::string& file) const {
  return DecodeImage(ReadBytes(class_name, file), Describe(class_name, file));
}

std::string ImageSource::FileSha256(const std::string& class_name, const std::string& file) const {
  return Sha256Hex(ReadBytes(class_name, file));
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
    ParallelFor(static_cast<int64_t>(items.size()), 0, [&](int64_t i) {
      ThrowIfStopRequested();
      const auto& [class_name, file] = items[i];
      lines[i] = *class_name + "/" + *file + " " + FileSha256(*class_name, *file) + "\n";
    });
    // Not the order of classes: "a-b/" sorts before "a/".
    std::sort(lines.begin(), lines.end());
    Sha256 hash;
    for (const std::string& line : lines) hash.Update(line);
    content_sha256_ = hash.Hex();
  });
  return content_sha256_;
}

}  // namespace tint

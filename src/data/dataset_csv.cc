// SPDX-License-Identifier: Apache-2.0
// Ravi & Larochelle's lists: {train,val,test}.csv with one line `filename,label` per image, images in images/; and
// lists of classes, one per line, each with its own folder.
#include <algorithm>

#include "dataset_formats.h"
#include "known_splits.h"
#include "path_source.h"
#include "text_lines.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

constexpr char kHeader[] = "filename,label";

void CheckHeader(const TextLines& list) {
  const TextLine& first = list.lines().front();
  if (first.text == kHeader) return;
  const bool vinyals = first.text == "filename,class";
  list.FailAt(
      first.number,
      vinyals ? "the header filename,class is that of Vinyals' split" : "the header is " + Quote(first.text, 120),
      std::string("the header ") + kHeader,
      vinyals ? "Its classes are split differently: use Ravi & Larochelle's lists" : "");
}

// miniImageNet's classes have one published split; lists of other data sets are not checked.
void CheckClass(const TextLines& list, const TextLine& line, const std::string& class_name, const std::string& dataset,
                const std::string& split) {
  if (dataset != "miniimagenet") return;
  const std::string split_of_class = SplitOfMiniClass(class_name);
  if (split_of_class == split) return;
  list.FailAt(line.number,
              "class " + Quote(class_name) +
                  (split_of_class.empty() ? " is not one of miniImageNet's 100"
                                          : " belongs to " + split_of_class + " in Ravi & Larochelle's split"),
              "the classes of " + split, "Use Ravi & Larochelle's lists, or rename the data set's folder");
}

}  // namespace

std::unique_ptr<ImageSource> OpenCsv(const fs::path& folder, const std::string& dataset, const std::string& split) {
  const TextLines list(folder / (split + ".csv"));
  CheckHeader(list);
  const fs::path images = folder / "images";
  const std::set<std::string> existing = NamesIn(images, "Unpack the images that " + split + ".csv names there");
  Listing listing;
  std::vector<fs::path> paths;
  std::map<std::string, int> lines;  // file -> the line that names it
  std::vector<const TextLine*> missing;
  for (size_t i = 1; i < list.lines().size(); ++i) {
    const TextLine& line = list.lines()[i];
    const std::vector<std::string> parts = list.Parts(line, ',', 2, "FILENAME,LABEL");
    for (const std::string& part : parts) list.RequireValidName(line, part);
    CheckClass(list, line, parts[1], dataset, split);
    const auto [earlier, is_new] = lines.emplace(parts[0], line.number);
    if (!is_new) {
      list.FailAt(line.number, Quote(parts[0]) + " is already in line " + std::to_string(earlier->second),
                  "each image once");
    }
    if (!existing.contains(parts[0])) missing.push_back(&line);
    listing[parts[1]].emplace(parts[0], paths.size());
    paths.push_back(images / parts[0]);
  }
  if (listing.empty()) list.FailAt(1, "names no image", "a line FILENAME,LABEL for each image");
  if (!missing.empty()) {
    const std::string others =
        missing.size() == 1 ? "" : ", nor are " + std::to_string(missing.size() - 1) + " other images of the list";
    list.FailAt(missing.front()->number,
                Quote(Split(missing.front()->text, ',')[0]) + " is not in " + Quote(images.native()) + others,
                "every image that the list names");
  }
  return std::make_unique<PathSource>(folder, listing, std::move(paths));
}

std::unique_ptr<ImageSource> OpenClassLists(const fs::path& list_path, const fs::path& images) {
  const TextLines list(list_path);
  const std::set<std::string> existing = NamesIn(images, "Put a folder for each class of the list there");
  std::set<std::string> classes;
  for (const TextLine& line : list.lines()) {
    list.RequireValidName(line, line.text);
    if (!classes.insert(line.text).second)
      list.FailAt(line.number, Quote(line.text) + " appears twice", "each class once");
    if (!existing.contains(line.text)) {
      list.FailAt(line.number, "class " + Quote(line.text) + " is not in " + Quote(images.native()),
                  "a folder for each class of the list",
                  DidYouMean(line.text, std::vector<std::string>(existing.begin(), existing.end())));
    }
  }
  return OpenFolder(images, &classes);
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
// Which images of CUB-200-2011 are in a split.
#include <algorithm>
#include <set>

#include "cub_index.h"
#include "dataset_formats.h"
#include "text_lines.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

// "001.Black_footed_Albatross" -> "Black_footed_Albatross"
std::string WithoutNumber(const std::string& class_name) {
  const size_t dot = class_name.find('.');
  const bool number = dot != std::string::npos && dot > 0 && class_name.find_first_not_of("0123456789") == dot;
  return number ? class_name.substr(dot + 1) : class_name;
}

// The contents of a split's list: classes, each with the line that named it first; and single files, if it lists files.
struct SplitList {
  fs::path path;
  std::map<std::string, int> classes;
  bool by_file = false;
  std::set<std::string> files;  // "<class>/<file>"
};

class ListReader {
 public:
  explicit ListReader(const std::vector<CubImage>& images) {
    for (const CubImage& image : images) {
      classes_.insert(image.class_name);
      by_plain_name_.emplace(WithoutNumber(image.class_name), image.class_name);
      by_file_.emplace(image.file, &image);
    }
  }
  SplitList Read(const fs::path& path) const;

 private:
  std::string ClassOf(const TextLines& list, const TextLine& line) const;
  void AddFile(const TextLines& list, const TextLine& line, SplitList* chosen) const;

  std::set<std::string> classes_;
  std::map<std::string, std::string> by_plain_name_;
  std::map<std::string, const CubImage*> by_file_;
};

std::string ListReader::ClassOf(const TextLines& list, const TextLine& line) const {
  if (classes_.contains(line.text)) return line.text;
  const auto plain = by_plain_name_.find(line.text);
  if (plain != by_plain_name_.end()) return plain->second;
  list.FailAt(line.number, Quote(line.text, 120) + " is not a class of the data set",
              "a class of classes.txt, with or without its number",
              DidYouMean(line.text, std::vector<std::string>(classes_.begin(), classes_.end())));
}

void ListReader::AddFile(const TextLines& list, const TextLine& line, SplitList* chosen) const {
  const std::vector<std::string> parts = list.Parts(line, ',', 2, "FILENAME,LABEL");
  const auto found = by_file_.find(parts[0]);
  if (found == by_file_.end())
    list.FailAt(line.number, Quote(parts[0], 120) + " is not in images.txt", "a file name of images.txt");
  const std::string name = found->second->class_name;
  chosen->classes.emplace(name, line.number);
  if (!chosen->files.insert(name + "/" + parts[0]).second)
    list.FailAt(line.number, Quote(parts[0]) + " appears twice", "each image once");
}

SplitList ListReader::Read(const fs::path& path) const {
  const TextLines list(path);
  SplitList chosen = {.path = path, .classes = {}, .files = {}};
  const std::string& first = list.lines().front().text;
  chosen.by_file = first == "filename,label";
  const bool header = chosen.by_file || first == "class" || first == "label";
  for (size_t i = header ? 1 : 0; i < list.lines().size(); ++i) {
    const TextLine& line = list.lines()[i];
    if (chosen.by_file) {
      AddFile(list, line, &chosen);
      continue;
    }
    const auto [earlier, is_new] = chosen.classes.emplace(ClassOf(list, line), line.number);
    if (!is_new)
      list.FailAt(line.number, Quote(line.text) + " is already in line " + std::to_string(earlier->second),
                  "each class once");
  }
  if (chosen.classes.empty())
    list.FailAt(1, "names no class", "one class per line, or the header filename,label and one image per line");
  return chosen;
}

// The existing lists, by split; no class may be in two.
std::map<std::string, SplitList> ReadLists(const std::vector<CubImage>& images, const fs::path& lists) {
  const ListReader reader(images);
  std::map<std::string, SplitList> all;
  for (const std::string split : {"train", "val", "test"}) {
    const fs::path path = CubList(lists, split);
    if (path.empty()) continue;
    SplitList chosen = reader.Read(path);
    for (const auto& [name, line] : chosen.classes) {
      for (const auto& [other, earlier] : all) {
        if (!earlier.classes.contains(name)) continue;
        Fail(ExitCode::kBadInput,
             {.file = path,
              .found = "class " + Quote(name) + " is also in " + Quote(earlier.path.filename().native()) + ", line " +
                       std::to_string(earlier.classes.at(name)),
              .expected = "each class in one split",
              .line = line});
      }
    }
    all.emplace(split, std::move(chosen));
  }
  return all;
}

std::string SplitByRule(size_t class_idx) {
  if (class_idx % 2 == 0) return "train";
  return class_idx % 4 == 1 ? "val" : "test";
}

}  // namespace

std::vector<CubImage> ChooseCubSplit(const std::vector<CubImage>& images, const fs::path& lists,
                                     const std::string& split) {
  const std::map<std::string, SplitList> listed = ReadLists(images, lists);
  std::set<std::string> classes;
  for (const CubImage& image : images) classes.insert(image.class_name);
  std::vector<CubImage> chosen;
  for (const CubImage& image : images) {
    if (listed.empty()) {
      const auto class_idx = static_cast<size_t>(std::distance(classes.begin(), classes.find(image.class_name)));
      if (SplitByRule(class_idx) == split) chosen.push_back(image);
      continue;
    }
    const SplitList& list = listed.at(split);
    const bool wanted = list.by_file ? list.files.contains(image.class_name + "/" + image.file)
                                     : list.classes.contains(image.class_name);
    if (wanted) chosen.push_back(image);
  }
  return chosen;
}

}  // namespace tint::internal

// SPDX-License-Identifier: Apache-2.0
#include "cub_index.h"

#include <limits>
#include <set>

#include "text_lines.h"
#include "tint/base/error.h"
#include "tint/base/text.h"

namespace tint::internal {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxId = std::numeric_limits<int32_t>::max();

// A list "ID VALUES...": the lines by id, each id once.
class IdList {
 public:
  IdList(const fs::path& path, size_t parts, const std::string& expected) : text(path) {
    for (const TextLine& line : text.lines()) {
      std::vector<std::string> found = text.Parts(line, ' ', parts, expected);
      const int64_t id = text.WholeNumber(line, found[0], 1, kMaxId, "the number");
      const auto [earlier, is_new] = rows.emplace(id, Row{&line, std::move(found)});
      if (is_new) continue;
      text.FailAt(
          line.number,
          "number " + std::to_string(id) + " is already in line " + std::to_string(earlier->second.line->number),
          "each number once");
    }
  }
  // The entry of `id`, which line `line` of `of` names.
  const auto& Find(int64_t id, const TextLines& of, int line) const {
    const auto found = rows.find(id);
    if (found != rows.end()) return found->second;
    of.FailAt(line, "number " + std::to_string(id) + " is not in " + Quote(text.path().filename().native()),
              "the same numbers in both lists");
  }

  struct Row {
    const TextLine* line;
    std::vector<std::string> parts;
  };
  TextLines text;
  std::map<int64_t, Row> rows;
};

std::map<int64_t, std::string> ReadClasses(const IdList& list) {
  std::map<int64_t, std::string> names;
  std::map<std::string, int> seen;
  for (const auto& [id, row] : list.rows) {
    list.text.RequireValidName(*row.line, row.parts[1]);
    const auto [earlier, is_new] = seen.emplace(row.parts[1], row.line->number);
    if (!is_new)
      list.text.FailAt(row.line->number,
                       "class " + Quote(row.parts[1]) + " is already in line " + std::to_string(earlier->second),
                       "each class once");
    names[id] = row.parts[1];
  }
  return names;
}

CubBox ReadBox(const IdList& boxes, const IdList::Row& row) {
  const auto number = [&](size_t part, const char* what) {
    return boxes.text.Number(*row.line, row.parts[part], what);
  };
  const CubBox box = {number(1, "x"), number(2, "y"), number(3, "the width"), number(4, "the height"),
                      row.line->number};
  const bool good = box.left >= 0 && box.top >= 0 && box.width >= 1 && box.height >= 1;
  if (!good || box.left + box.width > 1e6 || box.top + box.height > 1e6)
    boxes.text.FailAt(row.line->number, "the box is " + Quote(row.line->text, 120),
                      "ID X Y WIDTH HEIGHT in pixels, a box inside its image");
  return box;
}

}  // namespace

std::vector<CubImage> ReadCubIndex(const fs::path& folder, bool with_boxes) {
  const IdList classes(folder / "classes.txt", 2, "CLASS_ID CLASS_NAME");
  const std::map<int64_t, std::string> names = ReadClasses(classes);
  const IdList labels(folder / "image_class_labels.txt", 2, "IMAGE_ID CLASS_ID");
  const IdList images(folder / "images.txt", 2, "IMAGE_ID CLASS_NAME/FILE");
  std::map<int64_t, CubBox> boxes;
  if (with_boxes) {
    const IdList list(folder / "bounding_boxes.txt", 5, "IMAGE_ID X Y WIDTH HEIGHT");
    for (const auto& [id, row] : images.rows) boxes[id] = ReadBox(list, list.Find(id, images.text, row.line->number));
  }
  for (const auto& [id, row] : labels.rows) images.Find(id, labels.text, row.line->number);
  std::vector<CubImage> all;
  std::set<std::string> seen;
  for (const auto& [id, row] : images.rows) {
    const int line = row.line->number;
    const std::vector<std::string> path = Split(row.parts[1], '/');
    if (path.size() != 2) images.text.FailAt(line, "the path is " + Quote(row.parts[1]), "CLASS_NAME/FILE");
    for (const std::string& part : path) images.text.RequireValidName(*row.line, part);
    const IdList::Row& label = labels.Find(id, images.text, line);
    const int64_t class_id = labels.text.WholeNumber(*label.line, label.parts[1], 1, kMaxId, "the class");
    const auto name = names.find(class_id);
    if (name == names.end() || name->second != path[0])
      labels.text.FailAt(
          label.line->number,
          "class " + std::to_string(class_id) + " is " +
              (name == names.end() ? "not in classes.txt" : Quote(name->second)),
          "the class of " + Quote(row.parts[1]) + ", as images.txt has it in line " + std::to_string(line));
    if (!seen.insert(row.parts[1]).second)
      images.text.FailAt(line, Quote(row.parts[1]) + " appears twice", "each image once");
    all.push_back({path[0], path[1], line, boxes[id]});
  }
  return all;
}

}  // namespace tint::internal

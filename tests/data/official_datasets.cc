// SPDX-License-Identifier: Apache-2.0
#include "official_datasets.h"

#include <gtest/gtest.h>

#include "files.h"
#include "small_data.h"
#include "tint/base/text.h"
#include "tint/image/encode.h"

namespace tint::testing {

std::string CubClass(int class_idx) {
  const std::string number = std::to_string(class_idx + 1);
  return std::string(3 - number.size(), '0') + number + ".Bird_" + static_cast<char>('A' + class_idx);
}

std::string CubFile(int class_idx, int image_idx) {
  return std::string("Bird_") + static_cast<char>('A' + class_idx) + "_000" + std::to_string(image_idx) + ".jpg";
}

void WriteCub(const std::filesystem::path& folder, int classes, int images) {
  std::string names, paths, labels, boxes, parts;
  int id = 0;
  for (int c = 0; c < classes; ++c) {
    names += std::to_string(c + 1) + " " + CubClass(c) + "\n";
    for (int k = 0; k < images; ++k) {
      const std::string number = std::to_string(++id);
      paths += number + " " + CubClass(c) + "/" + CubFile(c, k) + "\n";
      labels += number + " " + std::to_string(c + 1) + "\n";
      boxes += number + " 2.0 4.0 20.0 16.0\n";
      parts += number + " " + std::to_string(k % 2) + "\n";
      WriteAll(folder / "images" / CubClass(c) / CubFile(c, k), EncodePng(Pattern(30, 40, 10 * c + k)));
    }
  }
  WriteAll(folder / "classes.txt", names);
  WriteAll(folder / "images.txt", paths);
  WriteAll(folder / "image_class_labels.txt", labels);
  WriteAll(folder / "bounding_boxes.txt", boxes);
  WriteAll(folder / "train_test_split.txt", parts);
}

const std::vector<std::string>& CifarFineNames() {
  static const std::vector<std::string> names = Split(
      "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can "
      "castle "
      "caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant "
      "flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man "
      "maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck "
      "pine_tree "
      "plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper "
      "snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor "
      "train "
      "trout tulip turtle wardrobe whale willow_tree wolf woman worm",
      ' ');
  return names;
}

void WriteCifar(const std::filesystem::path& folder, int train, int test) {
  std::string names;
  for (const std::string& name : CifarFineNames()) names += name + "\n";
  WriteAll(folder / "fine_label_names.txt", names + "\n");  // the official list ends in an empty line
  for (int part = 0; part < 2; ++part) {
    std::string rows;
    for (int k = 0; k < (part == 0 ? train : test); ++k) {
      for (int fine = 0; fine < 100; ++fine) {
        rows += static_cast<char>(fine / 5);
        rows += static_cast<char>(fine);
        rows += std::string({static_cast<char>(part), static_cast<char>(fine), static_cast<char>(k)});
        for (int i = 3; i < 3072; ++i) rows += static_cast<char>((i + 7 * fine * (part + 2) + 11 * k * (i / 32)) % 256);
      }
    }
    WriteAll(folder / (part == 0 ? "train.bin" : "test.bin"), rows);
  }
}

void EditText(const std::filesystem::path& path, const std::string& from, const std::string& to) {
  std::string text = ReadAll(path);
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " in " << path;
  WriteAll(path, text.replace(at, from.size(), to));
}

}  // namespace tint::testing

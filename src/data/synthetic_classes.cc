// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "tint/base/error.h"
#include "tint/data/synthetic_dataset.h"
#include "tint/tensor/random.h"

namespace tint {
namespace {

constexpr size_t kBase = 64, kValidation = 16, kTest = 20;

// 100 of the 560 combinations, the same for every seed of the images.
std::vector<SyntheticClass> ChooseClasses() {
  const auto shapes = static_cast<int64_t>(SyntheticShapes().size()),
             patterns = static_cast<int64_t>(SyntheticPatterns().size()),
             palettes = static_cast<int64_t>(SyntheticPalettes().size());
  RandomStream stream({0, "demo/classes"});
  std::vector<SyntheticClass> chosen;
  for (const int64_t k : stream.Permutation(shapes * patterns * palettes)) {
    if (chosen.size() == kBase + kValidation + kTest) break;
    chosen.push_back({.shape = static_cast<int>(k % shapes),
                      .pattern = static_cast<int>(k / shapes % patterns),
                      .palette = static_cast<int>(k / shapes / patterns)});
  }
  return chosen;
}

}  // namespace

const std::vector<std::string>& SyntheticShapes() {
  static const std::vector<std::string> words = {"disc",  "triangle", "square", "star",   "cross",
                                                 "arrow", "crescent", "bar",    "flower", "ring"};
  return words;
}

const std::vector<std::string>& SyntheticPatterns() {
  static const std::vector<std::string> words = {"plain", "striped", "checked", "dotted", "shaded", "ringed", "wavy"};
  return words;
}

const std::vector<std::string>& SyntheticPalettes() {
  static const std::vector<std::string> words = {"red", "blue", "green", "violet", "orange", "teal", "grey", "brown"};
  return words;
}

std::string SyntheticClass::Name() const {
  return SyntheticPalettes().at(static_cast<size_t>(palette)) + "-" +
         SyntheticPatterns().at(static_cast<size_t>(pattern)) + "-" + SyntheticShapes().at(static_cast<size_t>(shape));
}

const std::vector<SyntheticClass>& SyntheticClasses(const std::string& split) {
  static const std::map<std::string, std::vector<SyntheticClass>> splits = [] {
    const std::vector<SyntheticClass> all = ChooseClasses();
    const auto part = [&](size_t first, size_t count) {
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
      return std::vector<SyntheticClass>(begin, begin + static_cast<std::ptrdiff_t>(count));
    };
    return std::map<std::string, std::vector<SyntheticClass>>{{"train", part(0, kBase)},
                                                              {"val", part(kBase, kValidation)},
                                                              {"test", part(kBase + kValidation, kTest)},
                                                              {"pool", all}};
  }();
  const auto found = splits.find(split);
  TINT_CHECK(found != splits.end()) << "no split " << split;
  return found->second;
}

}  // namespace tint

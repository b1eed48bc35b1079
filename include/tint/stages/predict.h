// Classifies photos with a student that distill wrote.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tint/base/json.h"

namespace tint {

struct Prediction {
  std::string photo;
  std::string predicted;              // class name
  std::vector<double> probabilities;  // softmax of the logits, by class
};

struct Predictions {
  std::vector<std::string> classes;
  std::vector<Prediction> photos;
  Json ToJson() const;
  std::string ToTable() const;
};

// `student` is a student.pt inside a stage folder whose done.json lists it: elsewhere it is Error(kUntrusted), changed
// it is Error(kCorrupt). Photos go through the picture door, squared by centre crop.
Predictions PredictPhotos(const std::filesystem::path& student, const std::vector<std::string>& photos,
                          const std::string& device);

}  // namespace tint

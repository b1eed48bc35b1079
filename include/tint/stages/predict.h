// SPDX-License-Identifier: Apache-2.0
// Opens a student that distill wrote, and classifies photos with it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tint/artifacts/student_bundle.h"
#include "tint/base/json_fwd.h"
#include "tint/models/script_module.h"

namespace tint {

struct OpenedStudent {
  StudentCard card;
  ScriptModule module;  // float32, in eval mode
};
// `student`: a student.pt, or its folder: a distill result, also one that was copied elsewhere as a whole,
// under any name. done.json beside it must list student.pt and student.json with their hashes: not listed is
// Error(kUntrusted), changed is Error(kCorrupt), absent is Error(kMissingInput).
OpenedStudent OpenStudent(const std::filesystem::path& student, const std::string& device);

struct Prediction {
  std::string photo;
  std::string predicted;              // class name
  std::vector<double> probabilities;  // softmax of the logits, by class
};

struct Predictions {
  std::vector<std::string> classes;
  std::vector<Prediction> photos;
  Json ToJson() const;
  std::string ToTable() const;  // one line for each photo: its class, and the two next most probable
};

// Photos are squared by centre crop. A folder: all files in it.
Predictions PredictPhotos(const std::filesystem::path& student, const std::vector<std::string>& photos_or_folders,
                          const std::string& device);

}  // namespace tint

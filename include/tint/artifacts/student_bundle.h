// SPDX-License-Identifier: Apache-2.0
// The result of distill: a student, and all that `tint predict` needs to use it.
//
//   student.pt                  TorchScript: normalised images [B, 3, S, S] -> logits [B, ways]
//   student.json                sealed:
//     schema         1
//     architecture   "conv4", "resnet12"
//     classes        names, in the order of the logits
//     image_size     S
//     mean, std      three numbers each, of RGB in [0, 1]
//     resize_rule    "bilinear-antialias"
//     file_sha256    of student.pt
//   student.onnx                the same network; absent if it has operators that ONNX lacks
//   pseudo_labels.safetensors   float32 logits [images, ways] of the images that are labelled softly: "base",
//   "synthetic" loss.json, accuracy.json    training_curves.h
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tint/artifacts/completed_stage.h"
#include "tint/artifacts/stage_writer.h"
#include "tint/tensor/safetensors.h"

namespace tint {

inline constexpr char kStudentFile[] = "student.pt";
inline constexpr char kStudentCardFile[] = "student.json";

struct StudentCard {
  std::string architecture;
  std::vector<std::string> classes;
  int64_t image_size = 84;
  std::vector<double> mean, std;
  std::string file_sha256;  // of student.pt; Write computes it

  std::string ToText() const;
  // Error(kCorrupt) naming `file` for anything that ToText would not write.
  static StudentCard Parse(const std::string& text, const std::string& file);
  static StudentCard Read(const CompletedStage& distill);
};

// student.pt, and student.json with its hash. `onnx` may be empty.
void WriteStudent(const std::string& module, const std::string& onnx, StudentCard card, StageWriter& writer);
// Whether the result lists both files.
bool HasStudent(const CompletedStage& distill);

void WritePseudoLabels(const NamedTensors& logits, StageWriter& writer);
// Nothing if they are not written yet.
std::optional<NamedTensors> ReadPseudoLabels(const StageWriter& writer);

}  // namespace tint

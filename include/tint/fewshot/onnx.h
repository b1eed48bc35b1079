// SPDX-License-Identifier: Apache-2.0
// Export of a student to ONNX, for programs without LibTorch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/models/script_module.h"

namespace tint {

// Stored in the file's metadata (names as here, lists as JSON).
struct OnnxMetadata {
  std::string architecture;
  std::vector<std::string> classes;
  int64_t image_size = 84;
  std::vector<double> mean, std;  // of each colour
};

// A student in eval mode as the bytes of an ONNX model: opset 13, IR version 8, weights under their names in the
// module.
//
//   input   images  float32 [batch, 3, S, S]: RGB, values in [0, 1], S = image_size
//   output  logits  float32 [batch, number of classes], in the order of `classes`
//
// `batch` is free. The normalisation by mean and std is part of the graph, so that a user only divides bytes
// by 255; resizing stays with the user (metadata "resize_rule"). The same student gives the same bytes.
//
// `student` is any module whose forward(normalised images) consists of the operators that tint's students have
// (convolutions, batch normalisation, activations, pooling, sums, a linear head, division by the length): another
// operator is Error(kBadInput) naming it. Works on a copy, on the CPU.
std::string StudentToOnnx(const ScriptModule& student, const OnnxMetadata& facts);

}  // namespace tint

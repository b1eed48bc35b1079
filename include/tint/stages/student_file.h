// student.json beside student.pt: what a classifier needs to be used. Written by distill, read by evaluate and predict.
#pragma once

#include <string>
#include <vector>

#include "tint/base/json.h"

namespace tint {

struct StudentCard {
  std::string architecture;
  std::vector<std::string> classes;
  int64_t image_size = 84;
  std::vector<double> mean, std;
  std::string file_sha256;  // of student.pt

  std::string ToText() const;
  // Error(kCorrupt) naming `file` for anything that ToText would not write.
  static StudentCard Parse(const std::string& text, const std::string& file);
};

}  // namespace tint

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tint/artifacts/run_folder.h"

namespace tint {

// `tint verify RUN`: recomputes every hash. One sentence per problem, each naming the file. Incomplete
// stages are not problems; `checked_files` counts.
struct VerifyReport {
  int64_t checked_files = 0;
  int64_t complete_stages = 0;
  int64_t incomplete_stages = 0;
  std::vector<std::string> problems;
};
VerifyReport VerifyRun(const RunFolder& run);

}  // namespace tint

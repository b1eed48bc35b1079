// SPDX-License-Identifier: Apache-2.0
// A value over the steps of a stage, and its file formats for other programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tint {

struct Curve {
  std::string result = {};      // the run or table it belongs to
  std::string episode = {};     // "7", "support"
  std::string stage = {};       // "distill"
  std::string class_name = {};  // "" for all classes
  std::string name = {};        // "loss", "loss/support", "accuracy"
  // As many values as steps. Steps count from 1: after so many steps of the optimiser; of null-text inversion, the
  // position of the timestep in the order of denoising.
  std::vector<int64_t> steps = {};
  std::vector<double> values = {};
  double wall_time = 0;  // seconds since 1970 when the stage finished; steps have no time stamps
};

// {"result", "episode", "stage", "class", "step", "name", "value"}: one line per value, all digits; "class" is null
// for all classes, "value" where it is not finite. "episode" is a number or "support".
std::string CurvesJsonl(const std::vector<Curve>& curves);

// The mean of each bin of neighbouring steps, at the bin's last step, so that at most `bins` points are left. A curve
// with fewer points is unchanged.
Curve InBins(const Curve& curve, size_t bins);

}  // namespace tint

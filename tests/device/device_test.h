// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "fake_device.h"

namespace tint::testing {

// Tests on the fake device, with one thread of arithmetic: the CPU, with which results are compared bit by bit, would
// spread a batch over several.
class DeviceTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { fake::device(); }
  void SetUp() override { at::set_num_threads(1); }
};

// How often something happened in a loop of `steps` more steps than another one: what a single step costs.
struct PerStep {
  double to_device = 0, to_host = 0, syncs = 0, random = 0;
};

// `run(steps)` is watched for `few` and for `many` steps.
template <class Run>
PerStep CountPerStep(int few, int many, const Run& run) {
  using fake::Kind;
  std::vector<fake::Event> events[2];
  run(few);  // what happens once in a process
  for (const int which : {0, 1}) {
    const fake::Watch watch;
    run(which == 0 ? few : many);
    events[which] = watch.Events();
  }
  auto per_step = [&](Kind kind) {
    const auto count = [&](const std::vector<fake::Event>& list) {
      return std::count_if(list.begin(), list.end(), [&](const fake::Event& event) { return event.kind == kind; });
    };
    return static_cast<double>(count(events[1]) - count(events[0])) / (many - few);
  };
  return {per_step(Kind::kHostToDevice), per_step(Kind::kDeviceToHost), per_step(Kind::kSync),
          per_step(Kind::kDeviceRandom)};
}

}  // namespace tint::testing
